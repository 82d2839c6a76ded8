"""One entry's page: who, when and why, and as little of a hash as will do."""

from __future__ import annotations

import pytest

from matching.curation import approve_entry, retire_entry
from matching.models import HashEntry
from tests.matching.admin.rows import add, events, page
from tests.matching.lists import make_list

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(ncmec, second_curator) -> HashEntry:
    return add(ncmec, 1, by=second_curator)[0]


def shown(client, entry: HashEntry) -> str:
    return client.get(page("hashentry", "change", entry.pk)).content.decode()


@pytest.mark.parametrize("field", ["md5", "sha1", "sha256"])
def test_digests_show_their_first_eight_digits(desk, entry, field):
    digest = bytes(getattr(entry, field)).hex()

    answer = shown(desk, entry)

    assert f"<code>{digest[:8]}…</code>" in answer
    assert digest[:9] not in answer


def test_perceptual_hashes_are_only_said_to_be_there(desk, entry):
    answer = shown(desk, entry)

    assert "present, quality 97" in answer
    assert bytes(entry.pdq).hex()[:8] not in answer


def test_flat_pdq_is_named_as_such(desk, entry):
    HashEntry.objects.filter(pk=entry.pk).update(pdq_quality=31)

    assert "quality 31: too flat to be matched" in shown(desk, entry)


def test_no_page_of_entries_holds_a_hash(desk, entry):
    pages = desk.get(page("hashentry")).content.decode() + shown(desk, entry)

    assert not [
        name
        for name in ("md5", "sha1", "sha256", "pdq")
        if bytes(getattr(entry, name)).hex() in pages
    ]


def test_reading_is_audited_once(desk, entry):
    shown(desk, entry)

    [event] = events("entry.read")
    assert (event.target, event.actor_id) == (f"entry:{entry.pk}", "curator")


def test_a_missing_entry_is_not_audited_as_read(desk, db):
    desk.get(page("hashentry", "change", 999))

    assert events("entry.read") == []


def test_page_can_not_be_saved(desk, entry):
    before = HashEntry.objects.values().get(pk=entry.pk)

    response = desk.post(
        page("hashentry", "change", entry.pk), {"external_id": "x", "state": "active"}
    )

    assert response.status_code == 403
    assert HashEntry.objects.values().get(pk=entry.pk) == before


def test_state_decides_which_acts_are_offered(desk, second_desk, entry, curator):
    def offered() -> list[str]:
        acts = desk.get(page("hashentry", "change", entry.pk)).context["acts"]
        return [act.name for act, _ in acts]

    pending = offered()
    approve_entry(entry=entry, actor=curator)

    assert pending == ["approve", "retire", "retire_false"]
    assert offered() == ["suspend", "retire", "retire_false"]


def test_own_entry_waits_for_somebody_else(second_desk, entry):
    answer = shown(second_desk, entry)

    assert "You added it: somebody else has to approve it." in answer


def test_history_is_what_the_audit_log_says(desk, entry):
    response = desk.get(page("hashentry", "history", entry.pk), follow=True)

    assert response.redirect_chain[0][0].endswith(f"?q=entry%3A{entry.pk}")
    assert response.status_code == 200


def test_other_lists_with_the_same_hash_are_independent_sources(
    desk, entry, iwf, curator, second_curator
):
    [same] = add(iwf, 1, by=curator)
    HashEntry.objects.filter(pk=same.pk).update(md5=entry.md5)
    add(make_list("third"), 1, by=curator)

    answer = shown(desk, entry)

    assert "<strong>1</strong> besides" in answer
    assert page("hashentry", "change", same.pk) in answer
    assert "third" not in answer


def test_source_that_withdrew_the_hash_does_not_count(desk, entry, iwf, curator):
    [same] = add(iwf, 1, by=curator)
    HashEntry.objects.filter(pk=same.pk).update(pdq=entry.pdq)
    retire_entry(entry=same, actor=curator, reason="withdrawn")

    assert "<strong>0</strong> besides" in shown(desk, entry)


def test_votes_of_other_organisations_are_told(desk, entry):
    HashEntry.objects.filter(pk=entry.pk).update(votes={"affirmative": {"md5": 2, "pdq": 1}})

    assert "MD5 2, PDQ 1" in shown(desk, entry)
