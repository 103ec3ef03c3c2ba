// How streams are opened in the programs that surveyors and municipalities have, step by step, in both languages.

/** The guides: [{ id, title, parts: [{ title, steps }] }]; `config` gives names, `at` the addresses. */
export function guides(language, config, at) {
  return { fr: FR, en: EN }[language](config.layer, at);
}

function FR(layer, at) {
  return [
    {
      id: "qgis",
      title: "QGIS",
      parts: [
        { title: "Orthophotographie (WMTS)", steps: ["Couche ▸ Ajouter une couche ▸ Ajouter une couche WMS/WMTS, puis Nouveau.", ["Coller l'adresse ", at.wmts, ", valider, puis Connexion."], ["Onglet Jeux de tuiles : choisir ", layer, " en 2154_5cm (Lambert-93, pixel de 5 cm), puis Ajouter."]] },
        { title: "Objets vecteur et dalles (OGC API Features)", steps: ["Couche ▸ Ajouter une couche ▸ Ajouter une couche WFS / OGC API - Features, puis Nouveau.", ["Coller ", at.ogcapi, ", version « OGC API - Features », valider, puis Connexion."], "Choisir les classes, cocher « Récupérer uniquement les entités de l'emprise de la carte », puis Ajouter."] },
        { title: "Catalogue (MetaSearch)", steps: [["Internet ▸ MetaSearch ▸ onglet Services ▸ Nouveau, coller ", at.csw, "."]] },
      ],
    },
    {
      id: "arcgis",
      title: "ArcGIS Pro",
      parts: [
        { title: "Orthophotographie (WMTS)", steps: ["Insertion ▸ Connexions ▸ Serveur ▸ Nouveau serveur WMTS.", ["Coller ", at.wmts, ", puis OK."], ["Dans le volet Catalogue, ouvrir Serveurs, tirer ", layer, " (2154_5cm) sur une carte dont le système est RGF93 v1 Lambert-93 (EPSG:2154)."]] },
        { title: "Objets (OGC API Features, ArcGIS Pro 2.8 et plus récent)", steps: ["Insertion ▸ Connexions ▸ Serveur ▸ Nouveau serveur OGC API.", ["Coller ", at.ogcapi, ", puis OK ; tirer les classes sur la carte, à grande échelle."]] },
      ],
    },
    {
      id: "autocad",
      title: "AutoCAD Map 3D, Civil 3D",
      parts: [
        { title: "Orthophotographie (WMS)", steps: ["Affecter au dessin le système RGF93.LAMB93 (commande MAPCSASSIGN), ou la zone CC du chantier.", "Commande MAPCONNECT (Connexion aux données) ▸ Ajouter une connexion WMS.", ["Coller ", at.wmsBase, ", version 1.3.0, puis Connexion."], ["Cocher ", layer, ", système EPSG:2154, format image/jpeg, puis Ajouter à la carte."]] },
        { title: "Objets du PCRS (DXF)", steps: ["AutoCAD ne lit pas OGC API Features : télécharger l'extrait DXF de la commune ou du rectangle, en Lambert-93 ou en CC.", ["Adresse d'un extrait par commune : ", `${at.ogcapi}/extract?commune=46042&f=dxf`]] },
      ],
    },
    {
      id: "covadis",
      title: "Covadis, sous AutoCAD",
      parts: [
        { title: "Orthophotographie", steps: ["Covadis ▸ Covadis VRD/Topo ▸ Géoréférencement : choisir RGF93 Lambert-93 ou la zone CC du dessin.", ["Insertion d'une image WMS : nouveau serveur, coller ", at.wmsBase, "."], ["Choisir ", layer, ", puis l'emprise de la fenêtre. Les menus changent d'une version à l'autre ; sans ce module, passer par AutoCAD Map ou télécharger les dalles."]] },
        { title: "Dalles et objets en fichiers", steps: [["Dalles GeoTIFF à insérer avec leur géoréférencement : ", at.listing], "Objets : l'extrait DXF a un calque par classe et par réseau, des blocs, des polylignes 3D et les textes orientés."] },
      ],
    },
    {
      id: "gdal",
      title: "GDAL, Python, navigateur",
      parts: [
        { title: "En ligne de commande", steps: [[`gdalinfo "WMTS:${at.wmts},layer=${layer},tilematrixset=2154_5cm"`], [`ogrinfo OAPIF:${at.ogcapi}`], ["Fichiers en place, par morceaux : ", `gdalinfo /vsicurl/${at.listing}dalles/…`]] },
      ],
    },
  ];
}

function EN(layer, at) {
  return [
    {
      id: "qgis",
      title: "QGIS",
      parts: [
        { title: "Orthophoto (WMTS)", steps: ["Layer ▸ Add Layer ▸ Add WMS/WMTS Layer, then New.", ["Paste the address ", at.wmts, ", OK, then Connect."], ["Tab Tilesets: choose ", layer, " in 2154_5cm (Lambert-93, 5 cm pixel), then Add."]] },
        { title: "Vector objects and tiles (OGC API Features)", steps: ["Layer ▸ Add Layer ▸ Add WFS / OGC API - Features Layer, then New.", ["Paste ", at.ogcapi, ", version “OGC API - Features”, OK, then Connect."], "Choose classes, tick “Only request features overlapping the view extent”, then Add."] },
        { title: "Catalogue (MetaSearch)", steps: [["Web ▸ MetaSearch ▸ tab Services ▸ New, paste ", at.csw, "."]] },
      ],
    },
    {
      id: "arcgis",
      title: "ArcGIS Pro",
      parts: [
        { title: "Orthophoto (WMTS)", steps: ["Insert ▸ Connections ▸ Server ▸ New WMTS Server.", ["Paste ", at.wmts, ", then OK."], ["In the Catalog pane, open Servers and drag ", layer, " (2154_5cm) onto a map in RGF93 v1 Lambert-93 (EPSG:2154)."]] },
        { title: "Objects (OGC API Features, ArcGIS Pro 2.8 and later)", steps: ["Insert ▸ Connections ▸ Server ▸ New OGC API Server.", ["Paste ", at.ogcapi, ", then OK; drag classes onto the map, at a large scale."]] },
      ],
    },
    {
      id: "autocad",
      title: "AutoCAD Map 3D, Civil 3D",
      parts: [
        { title: "Orthophoto (WMS)", steps: ["Assign the system RGF93.LAMB93 to the drawing (command MAPCSASSIGN), or the CC zone of the site.", "Command MAPCONNECT (Data Connect) ▸ Add WMS Connection.", ["Paste ", at.wmsBase, ", version 1.3.0, then Connect."], ["Tick ", layer, ", system EPSG:2154, format image/jpeg, then Add to Map."]] },
        { title: "PCRS objects (DXF)", steps: ["AutoCAD does not read OGC API Features: download the DXF extract of the municipality or the box, in Lambert-93 or CC.", ["Address of an extract by municipality: ", `${at.ogcapi}/extract?commune=46042&f=dxf`]] },
      ],
    },
    {
      id: "covadis",
      title: "Covadis, in AutoCAD",
      parts: [
        { title: "Orthophoto", steps: ["Covadis ▸ Georeferencing: choose RGF93 Lambert-93 or the CC zone of the drawing.", ["Insert a WMS image: new server, paste ", at.wmsBase, "."], ["Choose ", layer, ", then the extent of the window. Menus change between versions; without this module use AutoCAD Map, or download the tiles."]] },
        { title: "Tiles and objects as files", steps: [["GeoTIFF tiles to insert with their georeference: ", at.listing], "Objects: the DXF extract has a layer for each class and network, blocks, 3D polylines and oriented texts."] },
      ],
    },
    {
      id: "gdal",
      title: "GDAL, Python, browser",
      parts: [
        { title: "From the command line", steps: [[`gdalinfo "WMTS:${at.wmts},layer=${layer},tilematrixset=2154_5cm"`], [`ogrinfo OAPIF:${at.ogcapi}`], ["Files in place, piece by piece: ", `gdalinfo /vsicurl/${at.listing}dalles/…`]] },
      ],
    },
  ];
}
