"""`pcrs export`: the objects of an area as a file."""

from pathlib import Path
from typing import Annotated

import typer

from pcrs.console import HERE, JsonOption, SiteOption, err, open_site, say, say_json
from pcrs.showing import showing


def export(
    format_: Annotated[
        str,
        typer.Option(
            "--format", help="gml, gpkg, dxf, fgb, geojson, shp, csv; tif, jpg, jp2, mbtiles; zip (dalles)."
        ),
    ],
    site: SiteOption = HERE,
    commune: Annotated[str | None, typer.Option(help="INSEE code of a commune.")] = None,
    bbox: Annotated[str | None, typer.Option(help="xmin,ymin,xmax,ymax, in the order of its CRS.")] = None,
    polygon: Annotated[Path | None, typer.Option(help="GeoJSON, GeoPackage, Shapefile (or zipped).")] = None,
    dalle: Annotated[str | None, typer.Option(help="Name of a dalle.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole site.")] = False,
    bbox_crs: Annotated[str, typer.Option(help="CRS of --bbox.")] = "EPSG:2154",
    crs: Annotated[str | None, typer.Option(help="CRS of the file, like EPSG:3945.")] = None,
    clip: Annotated[bool, typer.Option("--clip", help="Cut lines and areas at the limit.")] = False,
    communes: Annotated[
        bool, typer.Option("--communes", help="A file of each commune, for the download service.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="The file; .zip puts the lisez-moi beside.")] = None,
    json_: JsonOption = False,
) -> None:
    """Give an area as a file: objects (GML, GeoPackage with styles, DXF…), an image, or its dalles."""
    from pcrs.commune_files import extract_communes
    from pcrs.extracting import Asked, extract
    from pcrs.imaging import image, is_image

    place, settings = open_site(site)
    if communes:
        with showing(err) as progress:
            files = extract_communes(place, settings, format_.split(","), progress)
        if json_:
            say_json(files._asdict())
        else:
            say(f"{len(files.written)} fichiers écrits, {len(files.removed)} retirés, {files.kept} inchangés")
        raise typer.Exit
    asked = Asked(format_, commune, bbox, bbox_crs, polygon, dalle, everything, crs, clip, output)
    with showing(err) as progress:
        make = image if is_image(format_) else extract
        made = make(place, settings, asked, progress)
    count = sum(made.counts.values())
    if json_:
        told = {"file": str(made.path) if count else None, "objects": count, "classes": dict(made.counts)}
        say_json(told)
    else:
        of_image = is_image(format_)
        none = f"{'aucune dalle' if of_image else 'aucun objet'} dans l'emprise"
        say(f"{count} {'dalles' if of_image else 'objets'} : {made.path}" if count else none)
    raise typer.Exit(0 if count else 1)
