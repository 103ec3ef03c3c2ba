"""What the one who asked for a job is told by e-mail when it has ended, in French and in English."""

from email.message import EmailMessage
from urllib.parse import quote

from pcrs.store.jobs import Job, is_file
from pcrs.work.orders.letters import written


def result_path(job: Job, output: str, file: str) -> str:
    """Where a file of a job is, below the landing page of the API."""
    return f"/jobs/{job.id}/results/{quote(output)}/{quote(file)}"


def job_letter(job: Job, address: str, until: str, sender: str, operator: str) -> EmailMessage:
    """The letter about a job that has ended.

    Args:
        job: done, or failed; its input `courriel` says where to.
        address: of the landing page of the API.
        until: the day (ISO 8601) until which its files can be fetched.
        sender: who sends.
        operator: who gives the data.
    """
    files = {name: value["file"] for name, value in (job.outputs or {}).items() if is_file(value)}
    links = [f"{address}{result_path(job, name, file)}" for name, file in files.items()]
    if job.status == "successful":
        french = [f"Votre extrait est prêt. À prendre jusqu'au {until} :", *links]
        english = [f"Your extract is ready, until {until}, at the same address."]
        subject = "Votre extrait du PCRS est prêt"
    else:
        french = [f"Votre extrait n'a pas pu être fait : {job.message}"]
        english = ["Your extract could not be made."]
        subject = "Votre extrait du PCRS n'a pas pu être fait"
    return written(sender, job.asked["inputs"]["courriel"], subject, [*french, "", *english, "", operator])
