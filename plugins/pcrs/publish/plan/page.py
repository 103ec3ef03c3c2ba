"""The page put together: image, objects, grid, and the title block that tells of them."""

import io

from PIL import Image
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pcrs.publish.plan.block import block
from pcrs.publish.plan.pen import MM, Pen, drawn_first
from pcrs.publish.plan.plan import Plan
from pcrs.publish.plan.sheet import BLOCK, MARGIN, Sheet
from pcrs.standard.crs import BBox
from pcrs.standard.french import number

_QUALITY = 90
rl_config.useA85 = 0  # text around binary data: half as slow again to write, for mail of the nineties
_INK = "#0f3b3a"


def write_plan(plan: Plan) -> bytes:
    """The plan as a PDF of one page. The same plan makes the same bytes."""
    held = io.BytesIO()
    width, height = plan.sheet.size
    canvas = Canvas(held, pagesize=(width * MM, height * MM), invariant=1)
    canvas.setTitle(plan.title)
    canvas.setAuthor(plan.credits)
    canvas.setSubject(f"PCRS, 1/{plan.sheet.scale}, EPSG:2154")
    canvas.setViewerPreference("PrintScaling", "None")
    canvas.saveState()
    frame = canvas.beginPath()
    across, up = plan.sheet.frame
    frame.rect(MARGIN * MM, (MARGIN + BLOCK) * MM, across * MM, up * MM)
    canvas.clipPath(frame, stroke=0, fill=0)
    if plan.image is not None:
        _image(canvas, plan.sheet, *plan.image)
    pen = Pen(canvas, plan.sheet, halo=plan.image is not None)
    if plan.objects is not None:
        sheets = {sheet.name: sheet for sheet in plan.objects.sheets}
        for name in drawn_first(sheets):
            for records in sheets[name].batches():
                pen.draw(name, records)
    _crosses(canvas, plan.sheet)
    canvas.restoreState()
    _frame(canvas, plan.sheet)
    block(canvas, plan, pen.seen)
    canvas.showPage()
    canvas.save()
    return held.getvalue()


def _image(canvas: Canvas, sheet: Sheet, image: Image.Image, box: BBox) -> None:
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    held = io.BytesIO()
    image.convert("RGB").save(held, "JPEG", quality=_QUALITY, subsampling=0)
    held.seek(0)
    x, y = sheet.place(box.xmin, box.ymin)
    size = (side * 1000 / sheet.scale * MM for side in (box.width, box.height))
    canvas.drawImage(ImageReader(held), x * MM, y * MM, *size)


def _crosses(canvas: Canvas, sheet: Sheet) -> None:
    """The crosses of the grid of coordinates."""
    eastings, northings = sheet.crosses()
    canvas.setDash()
    for colour, width in (("#ffffff", 0.5), (_INK, 0.15)):
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(width * MM)
        for east in eastings:
            for north in northings:
                x, y = (value * MM for value in sheet.place(east, north))
                canvas.line(x - 2 * MM, y, x + 2 * MM, y)
                canvas.line(x, y - 2 * MM, x, y + 2 * MM)


def _frame(canvas: Canvas, sheet: Sheet) -> None:
    """The border of the map, with the coordinates of the crosses along it."""
    across, up = sheet.frame
    canvas.setStrokeColor(_INK)
    canvas.setFillColor(_INK)
    canvas.setLineWidth(0.35 * MM)
    canvas.rect(MARGIN * MM, (MARGIN + BLOCK) * MM, across * MM, up * MM)
    canvas.setFont("Helvetica", 5.5)
    eastings, northings = sheet.crosses()
    top, right = MARGIN + BLOCK + up, MARGIN + across
    for east in eastings:
        x, _ = sheet.place(east, 0)
        canvas.line(x * MM, top * MM, x * MM, (top + 1) * MM)
        canvas.drawCentredString(x * MM, (top + 1.8) * MM, number(east).replace("\u202f", "\xa0"))
    for north in northings:
        _, y = sheet.place(0, north)
        canvas.line((MARGIN - 1) * MM, y * MM, MARGIN * MM, y * MM)
        canvas.saveState()
        canvas.translate((MARGIN - 1.8) * MM, y * MM)
        canvas.rotate(90)
        canvas.drawCentredString(0, 0, number(north).replace("\u202f", "\xa0"))
        canvas.restoreState()
        canvas.line(right * MM, y * MM, (right + 1) * MM, y * MM)
