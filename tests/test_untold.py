"""The layer of the archive is told of what changed, and of no more; what a kill interrupts is told again."""

from contextlib import closing
from dataclasses import replace

import pytest

from pcrs.assembly import features_of
from pcrs.settings import load
from pcrs.store.base import Query
from pcrs.work.custody import projection
from pcrs.work.custody.projection import project_objects
from pcrs.work.custody.stock import REGISTERS
from tests.archives import custody, make_sip, put_away, two_folders


@pytest.fixture
def told(tmp_path):
    """Custody of an archived folder, and a store that was told of it."""
    site = two_folders(tmp_path)
    put_away(site, make_sip(tmp_path / "sip", cliches=3))
    with custody(site) as held, closing(features_of(site, load(site.settings_file))) as store:
        assert project_objects(held, store) == held.inventory.count() == 18
        yield held, store


def listed(held):
    return held.inventory.untold.first(1000)


def test_only_what_changes_for_users_is_listed(told):
    held, _ = told
    inventory, now = held.inventory, held.now()
    one, other = list(inventory.objects(limit=2))
    copy = inventory.copies(one.id)[0]
    here = (copy.target, copy.key)
    assert listed(held) == []
    inventory.mark([here], "vérifiée", now)
    inventory.mark([here], "écrite", now)
    inventory.put_copies([copy])
    inventory.doubt([here], now)
    inventory.add_objects([one])
    assert listed(held) == []
    for change, ids in (
        (lambda: inventory.mark([here], "altérée", now), [one.id]),
        (lambda: inventory.mark([here], "absente", now), []),
        (lambda: inventory.put_copies([copy]), [one.id]),
        (lambda: inventory.put_copies([replace(copy, object=other.id)]), [one.id, other.id]),
        (lambda: inventory.forget([here]), [other.id]),
        (lambda: inventory.put_copies([copy]), [one.id]),
        (lambda: inventory.add_objects([replace(one, id="0" * 24, name="new")]), ["0" * 24]),
    ):
        change()
        ids_now = listed(held)
        assert ids_now == sorted(ids)
        if ids_now:
            inventory.untold.done(ids_now)
    assert listed(held) == []


def test_what_changes_while_it_is_told_is_told_again(told):
    held, store = told
    inventory = held.inventory
    one, other = list(inventory.objects(limit=2))
    for each in (one, other):
        inventory.mark([("nas", inventory.copies(each.id)[1].key)], "altérée", held.now())
    ids = listed(held)
    inventory.forget([("bande", inventory.copies(one.id)[0].key)])
    inventory.untold.done(ids)
    assert listed(held) == [one.id]
    assert project_objects(held, store) == 1
    assert store.get("archives", one.id).values["lieux"] == []


def test_what_a_kill_interrupts_is_told_by_the_next(told, monkeypatch):
    held, store = told
    inventory = held.inventory
    ids = [one.id for one in inventory.objects()]
    for id_ in ids:
        inventory.mark([("nas", inventory.copies(id_)[1].key)], "altérée", held.now())
    monkeypatch.setattr(projection, "_BATCH", 5)
    rounds = iter(range(2))

    def killed(*_):
        if next(rounds, None) is None:
            raise KeyboardInterrupt
        return merge("archives", *_[1:])

    merge = store.merge
    with monkeypatch.context() as patch:
        patch.setattr(store, "merge", killed)
        with pytest.raises(KeyboardInterrupt):
            project_objects(held, store)
    assert inventory.untold.first(1000) == ids[10:]
    assert project_objects(held, store) == 8
    assert {tuple(row.values["lieux"]) for row in store.query("archives", Query()).rows} == {("bande",)}


def test_a_layer_that_is_another_is_told_of_everything(told, monkeypatch):
    held, store = told
    ids = [one.id for one in held.inventory.objects()]
    store.remove("archives", ids[:3])
    assert project_objects(held, store) == 3
    store.put("archives", [("f" * 24, None, {"nom": "of another site"})])
    assert project_objects(held, store) == 1
    assert store.count("archives", Query()) == len(ids)
    assert project_objects(held, store) == 0
    monkeypatch.setattr(projection, "_FORM", "another")
    store.put("archives", [(ids[0], None, {"nom": "as an older pcrs told it"})])
    assert project_objects(held, store) == 1


def test_registers_are_not_told(told):
    held, store = told
    one = next(held.inventory.objects())
    held.inventory.add_objects([replace(one, id="0" * 24, chantier=REGISTERS)])
    assert project_objects(held, store) == 0
    assert listed(held) == []
    assert store.count("archives", Query()) == 18
