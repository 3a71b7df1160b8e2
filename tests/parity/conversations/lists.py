"""Conversations about lists and watches: selectors, pages, history, bookmarks."""

from parity.conversation import CORE, Watch, config_map, delete, get, merge, pod, post, ready, talk

MAPS = f"{CORE}/configmaps"
PODS = f"{CORE}/pods"
FOUR = tuple(post(MAPS, config_map(name, labels={"tier": tier})) for name, tier in zip("abcd", ("x", "y", "x", "z"), strict=True))
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

CONVERSATIONS = (
    talk("list-is-ordered-by-name", post(MAPS, config_map("b")), post(MAPS, config_map("a")), get(MAPS)),
    talk("list-nothing", get(MAPS)),
    talk("select-by-label", *FOUR, get(MAPS, labelSelector="tier=x"), get(MAPS, labelSelector="tier!=x,tier")),
    talk(
        "select-by-label-sets",
        *FOUR,
        get(MAPS, labelSelector="tier in (x,z)"),
        get(MAPS, labelSelector="tier notin (x, z)"),
        get(MAPS, labelSelector="!tier"),
    ),
    talk(
        "select-by-a-bad-label",
        *(
            get(MAPS, labelSelector=text)
            for text in (
                "tier in x",
                "=,=",
                "tier in (a",
                "tier in (a b)",
                "tier in (=)",
                "a b",
                "a,,b",
                "a,",
                "!=b",
                "!",
                "a=!",
                "a==b=c",
                "a~b",
                "a in ()",
                "a notin (,)",
                "a/b/c=1",
                "/a=1",
                "-a=1",
                "a=-1",
                "a>b",
                "a>1,b<2",
            )
        ),
    ),
    talk(
        "select-by-number",
        post(MAPS, config_map("few", labels={"n": "3"})),
        get(MAPS, labelSelector="n>2"),
        get(MAPS, labelSelector="n<3"),
    ),
    talk(
        "select-by-field",
        *FOUR,
        get(MAPS, fieldSelector="metadata.name=b"),
        get(MAPS, fieldSelector="metadata.name!=b,metadata.name!=c"),
    ),
    talk("select-by-a-field-that-is-not-served", get(MAPS, fieldSelector="data.a=1"), get(PODS, fieldSelector="spec.priority=1")),
    talk(
        "select-pods-by-node-and-phase",
        post(PODS, pod("one", node="n1")),
        post(PODS, pod("two", node="n2")),
        merge(f"{PODS}/one/status", ready()),
        get(PODS, fieldSelector="spec.nodeName=n2"),
        get(PODS, fieldSelector="status.phase=Running"),
    ),
    talk(
        "pages",
        *FOUR,
        get(MAPS, limit="3").keeping(next="metadata.continue"),
        get(MAPS, limit="3").asking(**{"continue": "$next"}),
    ),
    talk(
        "a-page-token-that-is-none",
        *(get(MAPS, limit="3").asking(**{"continue": token}) for token in ("none", "n*ne", "e30", "W10", "eyJ2Ijoia3ViZSJ9")),
    ),
    talk("a-limit-that-is-no-number", get(MAPS, limit="many")),
    talk("list-metadata-only", *FOUR, get(MAPS, limit="0").saying(Accept=METADATA)),
    talk("list-at-any-version", *FOUR[:1], get(MAPS, resourceVersion="0", resourceVersionMatch="Exact")),
    talk("list-at-a-bad-version", get(MAPS, resourceVersion="new")),
    talk(
        "watch-from-a-version",
        get(MAPS).keeping(start="metadata.resourceVersion"),
        post(MAPS, config_map("one")),
        merge(f"{MAPS}/one", {"data": {"a": "2"}}),
        delete(f"{MAPS}/one"),
        Watch(MAPS, 3, {"resourceVersion": "$start"}),
    ),
    talk(
        "watch-while-things-change",
        post(MAPS, config_map("one")).keeping(start="metadata.resourceVersion"),
        Watch(
            MAPS,
            3,
            {"resourceVersion": "$start"},
            (
                merge(f"{MAPS}/one", {"data": {"a": "2"}}),
                post(MAPS, config_map("two")),
                delete(f"{MAPS}/one"),
            ),
        ),
    ),
    talk("watch-from-the-state", *FOUR, Watch(MAPS, 4), Watch(MAPS, 4, {"resourceVersion": "0"})),
    talk(
        "watch-a-selection",
        post(MAPS, config_map("one", labels={"tier": "x"})).keeping(start="metadata.resourceVersion"),
        merge(f"{MAPS}/one", {"metadata": {"labels": {"tier": "y"}}}),
        merge(f"{MAPS}/one", {"data": {"a": "5"}}),
        merge(f"{MAPS}/one", {"metadata": {"labels": {"tier": "x"}}}),
        Watch(MAPS, 2, {"resourceVersion": "$start", "labelSelector": "tier=x"}),
    ),
    talk(
        "watch-one-object",
        *FOUR[:1],
        FOUR[1].keeping(start="metadata.resourceVersion"),
        merge(f"{MAPS}/a", {"data": {"a": "2"}}),
        merge(f"{MAPS}/b", {"data": {"a": "2"}}),
        Watch(MAPS, 1, {"resourceVersion": "$start", "fieldSelector": "metadata.name=b"}),
    ),
    talk(
        "watch-with-initial-events",
        *FOUR,
        Watch(
            MAPS,
            5,
            {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"},
        ),
    ),
    talk("watch-until-the-time-is-up", *FOUR[:1], Watch(MAPS, 0, {"timeoutSeconds": "1"})),
    talk(
        "watch-a-pod-being-evicted",
        post(PODS, pod("web", node="n1")).keeping(start="metadata.resourceVersion"),
        delete(f"{PODS}/web"),
        delete(f"{PODS}/web", {"gracePeriodSeconds": 0}),
        Watch(PODS, 2, {"resourceVersion": "$start"}),
    ),
    talk("watch-at-a-bad-version", Watch(MAPS, 1, {"resourceVersion": "new"})),
)
