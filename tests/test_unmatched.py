"""À rattacher, for replies whose row is gone: nothing that was said is lost, and nothing is said twice."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from openpyxl.workbook import Workbook

from tests.support.answering import address, application, deliver, letter, read, reply, said
from tests.support.presence import THURSDAY, WEEK, moment, network, person, remind
from tests.support.workspace import APPEAL, CALLS, Workspace, heading_row
from workflows.core.messages import Mode
from workflows.core.workflow import Scope

FRIDAY = "2027-03-05T10:00"


def delete(workspace: Workspace, tab: str, ref: str) -> None:
    """The row of this `Réf.`, as a person deletes it."""

    def change(book: Workbook) -> None:
        sheet = book[tab]
        column = next(c.column for c in sheet[heading_row(sheet)] if c.value == "Réf.")
        (number,) = [r for r in range(2, sheet.max_row + 1) if sheet.cell(r, column).value == ref]
        sheet.delete_rows(number)

    workspace.edit(change)


def listed(workspace: Workspace) -> list[str]:
    """`Raison` of each row, with plain spaces."""
    return [str(row["Raison"]).replace("\u00a0", " ") for row in workspace.tab("À rattacher")]


def test_the_replies_come_back_when_the_tab_is_deleted(workspace: Workspace) -> None:
    deliver(workspace, letter("inconnue@ailleurs.example", "Bonjour", "Une question sur vos dates."))
    read(workspace)
    before = listed(workspace)
    workspace.edit(lambda book: book.remove(book["À rattacher"]))
    read(workspace)
    assert listed(workspace) == before != []


def test_a_reply_to_a_deleted_call_is_listed_once(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    delete(workspace, "Appels", "2027-1")
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participons."))
    account = read(workspace)
    assert (account.replies.read, account.replies.matched, account.replies.unmatched) == (1, 1, 0)
    (row,) = workspace.tab("À rattacher")
    assert (row["De"], row["Extrait"]) == ("s1@structures.example", "Oui, nous participons.")
    assert listed(workspace) == ["réponse à 2027-1, STR-001 : 2027-1 n'est plus dans Appels"]
    assert read(workspace).written == 0
    workspace.edit(lambda book: book["À rattacher"].delete_rows(2))
    assert read(workspace).written == 0
    assert workspace.tab("À rattacher") == []


def test_a_reply_whose_row_alone_is_gone_goes_where_she_says(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    gone, other = (application(workspace, ref)["Réf."] for ref in ("STR-001", "STR-002"))
    workspace.put("Appels", {"Réf.": "2027-1"}, Commande="Clos")
    delete(workspace, "Candidatures", gone)
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participons."))
    read(workspace)
    assert listed(workspace) == ["réponse à 2027-1, STR-001 : la ligne n'existe plus"]
    workspace.put("À rattacher", {"De": "s1@structures.example"}, Rattacher_à=other)
    assert not read(workspace).problems
    assert said(workspace, "STR-002") == "Oui"
    assert listed(workspace) == ["Rattaché à 2027-1, STR-002."]


def test_an_answer_that_stood_in_its_row_is_not_listed_when_she_clears_up(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participons."))
    read(workspace)
    assert said(workspace, "STR-001") == "Oui"
    delete(workspace, "Appels", "2027-1")
    workspace.edit(lambda book: book["Candidatures"].delete_rows(2, 20))
    read(workspace, FRIDAY)
    assert workspace.tab("À rattacher") == []


def test_a_row_that_is_only_hidden_for_now_is_waited_for(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participons."))
    read(workspace, mode=Mode.TRIAL)
    workspace.edit(lambda book: setattr(book["Appels"]["B1"], "value", "Autre chose"))
    assert read(workspace).problems
    delete(workspace, "Appels", "2027-1")
    workspace.edit(lambda book: setattr(book["Appels"]["B1"], "value", "Titre"))
    workspace.round(FRIDAY, Scope("presence"))  # knows nothing of calls
    assert workspace.tab("À rattacher") == []
    workspace.round(FRIDAY, Scope(CALLS))
    assert len(listed(workspace)) == 1


def test_a_row_that_is_there_again_shows_the_reply(
    workspace: Workspace, mails: dict[str, EmailMessage]
) -> None:
    delete(workspace, "Appels", "2027-1")
    deliver(workspace, reply(mails["STR-001"], "Oui, nous participons."))
    read(workspace)
    ref = application(workspace, "STR-001")["Réf."]
    workspace.put("À rattacher", {"De": "s1@structures.example"}, Rattacher_à=ref)
    account = read(workspace)
    assert [problem.where for problem in account.problems] == ["À rattacher, ligne 2, Rattacher à"]
    assert said(workspace, "STR-001") is None
    workspace.edit(lambda book: book["Appels"].append(APPEAL))
    assert not read(workspace).problems
    assert said(workspace, "STR-001") == "Oui"
    assert listed(workspace) == ["Rattaché à 2027-1, STR-001."]
    delete(workspace, "Appels", "2027-1")
    assert not read(workspace).problems
    assert listed(workspace) == ["Rattaché à 2027-1, STR-001."]


def test_a_promeneur_who_is_gone_and_a_week_that_is_too_old(tmp_path: Path) -> None:
    workspace = network(tmp_path, [person(1), person(2)])
    remind(workspace, moment(WEEK, THURSDAY))
    one, two = (
        letter(address(mail), "Heures", "Je reviens ?", {"In-Reply-To": str(mail["Message-ID"])})
        for mail in workspace.mails()
    )
    delete(workspace, "Promeneurs", "PRO-002")
    deliver(workspace, two)
    read(workspace, "2027-03-12T10:00")
    deliver(workspace, one)
    read(workspace, "2027-06-28T10:00", sends=False)
    assert listed(workspace) == [
        "réponse à 2027-S10, PRO-002 : PRO-002 n'est plus dans Promeneurs",
        "réponse à 2027-S10, PRO-001 : la semaine est trop ancienne",
    ]
