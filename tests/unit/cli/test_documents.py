"""Reading files of objects: places, limits, and YAML's traps."""

from pathlib import Path

import pytest
import yaml

from underway.cli.documents import read_documents
from underway.errors import UsageError


def read(tmp_path: Path, text: str) -> list[tuple[object, int]]:
    """The documents with their lines."""
    file = tmp_path / "in.yaml"
    file.write_text(text)
    return [(value, int(place.rpartition(":")[2])) for value, place in read_documents((str(file),))]


def test_every_document_has_its_line(tmp_path: Path) -> None:
    assert read(tmp_path, "# first\na: 1\n---\n---\n# more\nb: [x, 'yes', yes, 1.5, null]\n") == [
        ({"a": 1}, 2),
        ({"b": ["x", "yes", True, 1.5, None]}, 6),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc: *x\n",
        "base: &x {b: 1, d: 2}\nc:\n  <<: *x\n  b: 3\n",
        "a: |\n  two\n  lines\n",
        "'1': !!str 1\n1: 0x1F\n",
    ],
)
def test_it_reads_what_pyyaml_reads(tmp_path: Path, text: str) -> None:
    assert [value for value, _ in read(tmp_path, text)] == list(yaml.safe_load_all(text))


def test_json_is_read_as_it_is(tmp_path: Path) -> None:
    assert read(tmp_path, '{"a": [1, true, null]}') == [({"a": [1, True, None]}, 1)]


def test_a_folder_stands_for_its_manifests(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("a: 1")
    (tmp_path / "two.json").write_text('{"b": 2}')
    (tmp_path / "notes.txt").write_text("no: manifest")
    assert [value for value, _ in read_documents((str(tmp_path),))] == [{"a": 1}, {"b": 2}]


def test_many_aliases_cost_no_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    assert len(read(tmp_path, "\n".join(lines))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "[" * 100_000, "in.yaml:1: nested more than 64 deep"),
        ("- " * 500 + "x", "in.yaml:1: nested more than 64 deep"),
        ("a: *nobody\n", "in.yaml:1: alias 'nobody' is not defined"),
        ("? [a]\n: b\n", "in.yaml:1: a key is not a word"),
        ("a: !!python/object:os.system x\n", "in.yaml:1: could not determine a constructor"),
        ("a:\n  b: 1\n  b: 2\n", "in.yaml:3: key 'b' stands twice"),
        ("<<: 7\n", "in.yaml:1: << merges no mapping"),
        ("a: \x00\n", "in.yaml"),
        ('{"a": 1', "in.yaml:2: did not find expected ',' or '}'"),
    ],
)
def test_bad_files_are_refused_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("<", r"\<")):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"/nowhere\.yaml: cannot be read: No such file"):
        list(read_documents(("/nowhere.yaml",)))


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no file that ends in"):
        list(read_documents((str(tmp_path),)))


def test_a_helm_chart_is_no_folder_of_manifests(tmp_path: Path) -> None:
    chart = tmp_path / "charts" / "web"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("name: web\n")
    with pytest.raises(UsageError, match=r"charts/web: this is a Helm chart; give what it prints instead: helm template NAME "):
        list(read_documents((str(tmp_path),)))
