"""What the probes of QGIS share: QGIS started, layers drawn. For the Python that QGIS came with."""

from collections import Counter

from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def started(*, windows=False):
    """QGIS, ready; whoever starts it keeps it. `windows`: dialogues can be opened too."""
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], windows)
    application.initQgis()
    return application


def drawn(layers, crs, box, width, *, dpi=None):
    """The image of a box on white, `width` pixels wide, and what went wrong with it."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setExtent(box)
    settings.setOutputSize(QSize(width, int(width * box.height() / box.width())))
    settings.setBackgroundColor(QColor("white"))
    if dpi is not None:
        settings.setOutputDpi(dpi)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage(), [str(error.message) for error in job.errors()]


def colours(image, step=1):
    """How often each colour, `#rrggbb`, is met in every `step`th pixel of every `step`th line."""
    across, down = range(0, image.width(), step), range(0, image.height(), step)
    pixels = Counter(image.pixel(x, y) for y in down for x in across)
    return {QColor(pixel).name(): number for pixel, number in pixels.items()}
