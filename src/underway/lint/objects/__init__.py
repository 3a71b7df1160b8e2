"""The objects that rules read, as Structs that decode only the fields that some rule asks for."""
