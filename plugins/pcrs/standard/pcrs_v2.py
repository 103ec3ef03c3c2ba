"""The classes of CNIG PCRS v2.0 as a table, in the order of the XSD; `pcrs.standard.model` reads it.

A line at the margin is a class: `[abstract] [pcrs-i:]name [< parent] | title | theme [| thématiques]`; its
objects should carry one of the thématiques. An indented line is an attribute of its own: name, cardinality,
kind, French label. A kind is simple, or `code:<list>`, `link:<class>`, `geometry:<shape>`. Parents stand
before children.

Where the PDF and the XSD differ, the XSD decides: `longueur` (not `longueur_mm`) of PilierRegulierPCRS,
`precisionPlanimetriqueZoneNaturelle`, `fournisseur` of EmpriseEchangePCRS, a Curve for PilierParticulierPCRS,
a Polygon for HabillageEnveloppePCRS, MultiSurfaces for the `pcrs-i` classes, a concrete AffleurantPCRS, a
free string for `EmpriseEchangePCRS.type`.
"""

TABLE = """
abstract ObjetVecteurPCRS | Objet vecteur (abstrait) | selon objet
    dateLeve               0..1 date date du levé
    idObjet                1    string identifiant unique de l'objet
    thematique             1    code:CategorieThematiquePCRSType thématique
    qualiteCategorisation  1    code:QualiteCategorisationPCRSType fiabilité de la catégorisation
    precisionPlanimetrique 1    code:CategoriePrecisionPCRSType intervalle de précision XY (cm)
    precisionAltimetrique  0..1 code:CategoriePrecisionPCRSType intervalle de précision Z (cm)
    producteur             1    string producteur (valeur stable, sert de filtre)
    pointLeve              0..n link:PointLevePCRS lien vers les points levés
abstract PilierPCRS < ObjetVecteurPCRS | Pilier (abstrait) | Clôtures
abstract HabillagePCRS | Élément d'habillage (abstrait) | Habillage
    idHabillage            1    string identifiant de l'habillage
    thematique             1    code:CategorieThematiquePCRSType thématique
    habillage              0..n link:HabillagePCRS lien habillage
LimiteVoiriePCRS < ObjetVecteurPCRS | Limite de voirie | Voirie | 03
    geometrie              1    geometry:Curve géométrie
MarcheEscalierPCRS < ObjetVecteurPCRS | Marche d'escalier | Voirie ou Bâti | 03 02
    geometrie              1    geometry:Curve géométrie
    symbole                0..1 link:HabillageSymbolePCRS lien symbole
FacadePCRS < ObjetVecteurPCRS | Façade de bâtiment | Bâti | 02
    geometrie              1    geometry:Curve géométrie
ProeminenceBatiPCRS < ObjetVecteurPCRS | Proéminence du bâti, soubassement | Bâti | 02
    geometrie              1    geometry:Curve géométrie
SeuilPCRS < ObjetVecteurPCRS | Seuil, ouverture de bâtiment ou de mur | Bâti | 02
    geometrie              1    geometry:Curve géométrie
    symbole                0..1 link:HabillageSymbolePCRS lien symbole
MurPCRS < ObjetVecteurPCRS | Mur (tous types), parapet | Clôtures | 05
    geometrie              1    geometry:Curve géométrie
    typeMur                0..1 code:CategorieMurPCRSType type de mur
PilierRegulierPCRS < PilierPCRS | Pilier circulaire, carré ou rectangulaire | Clôtures | 05
    geometrie              1    geometry:Point géométrie
    section                1    code:SectionPilierPCRSType forme de la section
    angleRotation          1    double angle horaire depuis le nord (degrés)
    longueur               1    double échelle X du poteau
    largeur                1    double échelle Y du poteau
PilierParticulierPCRS < PilierPCRS | Pilier polygonal | Clôtures | 05
    geometrie              1    geometry:Curve géométrie
ArbrePCRS < ObjetVecteurPCRS | Arbre | Végétal | 06
    geometrie              1    geometry:Point géométrie
    reference              1    string désignation du symbole ou identifiant dans le référentiel
RailPCRS < ObjetVecteurPCRS | Rail | Ferroviaire | 04
    geometrie              1    geometry:Curve géométrie
QuaiRailPCRS < ObjetVecteurPCRS | Quai ferroviaire | Ferroviaire | 04
    geometrie              1    geometry:Curve géométrie
PilePontPCRS < ObjetVecteurPCRS | Pile ou culée de pont | Ouvrages d'Art | 07
    geometrie              1    geometry:Polygon géométrie
QuaiFluvioMaritimePCRS < ObjetVecteurPCRS | Quai fluvial ou maritime | Ouvrages d'Art | 07
    geometrie              1    geometry:Curve géométrie
AffleurantPCRS < ObjetVecteurPCRS | Affleurant de réseau | Affleurant | 10
    gestionnaire           0..1 string gestionnaire
    nature                 0..1 code:NatureAffleurantPCRSType nature de l'affleurant
    reseau                 0..1 code:NatureReseauPCRSType nature du réseau
    source                 0..1 string source / référentiel
    idSource               0..1 string identifiant chez le gestionnaire de réseau
    symbolisation          0..1 link:AffleurantSymbolePCRS lien vers le symbole
    representation         1    link:AffleurantGeometriquePCRS lien vers la représentation géométrique
AffleurantGeometriquePCRS | Affleurant géométrique (regroupe les représentations) | Affleurant
    enveloppe              0..n link:AffleurantEnveloppePCRS lien enveloppe
    ligne                  0..n link:AffleurantLignesPCRS lien lignes
    point                  0..n link:AffleurantPointPCRS lien point
AffleurantEnveloppePCRS | Affleurant représenté par son enveloppe | Affleurant
    geometrie              1    geometry:Polygon géométrie
    habillage              0..n link:HabillageLignesPCRS lien habillage
AffleurantLignesPCRS | Affleurant représenté par des lignes | Affleurant
    geometrie              1    geometry:MultiCurve géométrie
AffleurantPointPCRS | Affleurant représenté par un point | Affleurant
    geometrie              1    geometry:Point géométrie
AffleurantSymbolePCRS | Affleurant représenté par un symbole | Affleurant
    geometrie              1    geometry:Point géométrie
    reference              1    string désignation du symbole ou identifiant dans le référentiel
    angleRotation          1    double angle horaire depuis le nord (degrés)
    longueur_mm            1    double échelle X du symbole (mm)
    largeur_mm             1    double échelle Y du symbole (mm)
PointLevePCRS | Point levé | Topographie
    geometrie              1    geometry:Point géométrie
    numeroPoint            1    string numéro du point
    precisionXY            1    integer précision XY (cm)
    precisionZ             0..1 integer précision Z (cm)
    horodatage             0..1 date date du levé du point
    producteur             1    string producteur (valeur stable, sert de filtre)
PointCanevasPCRS < ObjetVecteurPCRS | Point de canevas topographique | Topographie | 01
    geometrie              1    geometry:Point géométrie
    canevas                0..1 string type de canevas
    precisionXY            0..1 integer précision XY (cm)
    precisionZ             0..1 integer précision Z (cm)
    immatriculation        0..1 string référence externe
    dateCreation           0..1 date date de création ou de mise à jour
    fiche                  0..1 string URL de la fiche signalétique
ObjetGeneriquePCRS < ObjetVecteurPCRS | Objet générique | à déterminer | 00
    geometrie              1    geometry:Any géométrie
    identification         0..1 string classe supposée
HabillagePointsPCRS < HabillagePCRS | Points d'habillage | Habillage
    geometrie              1    geometry:MultiPoint géométrie
HabillageLignesPCRS < HabillagePCRS | Lignes d'habillage | Habillage
    geometrie              1    geometry:MultiCurve géométrie
HabillageEnveloppePCRS < HabillagePCRS | Enveloppe d'habillage | Habillage
    geometrie              1    geometry:Polygon géométrie
HabillageSymbolePCRS < HabillagePCRS | Symbole d'habillage | Habillage
    geometrie              1    geometry:Point géométrie
    reference              1    string désignation du symbole ou identifiant dans le référentiel
    angleRotation          1    double angle horaire depuis le nord (degrés)
    longueur_mm            1    double échelle X du symbole (mm)
    largeur_mm             1    double échelle Y du symbole (mm)
HabillageTextePCRS < HabillagePCRS | Texte d'habillage | Habillage
    geometrie              1    geometry:Point géométrie
    libelle                1    string texte
    angleRotation          1    double angle horaire depuis le nord (degrés)
    justification          1    code:TexteJustificationPCRSType justification du texte
    taille                 1    double facteur de taille
NomVoiriePCRS < HabillageTextePCRS | Nom de voirie | Topographie | 01
    idNomVoirie            1    string identifiant du nom de voirie
    positionnement         0..1 code:CategoriePlacementPCRSType positionnement de l'habillage
NumeroVoiriePCRS < HabillageTextePCRS | Numéro d'adresse | Topographie | 01
    idNumeroVoirie         1    string identifiant du numéro
    positionnement         0..1 code:CategoriePlacementPCRSType positionnement de l'habillage
RasterPCRS | Orthophotoplan (dalle image) | Raster
    producteur             1    string producteur (valeur stable, sert de filtre)
    nomImage               1    string nom du fichier image
    typeImage              1    string format (type MIME de préférence, ex. image/jp2, image/tiff)
    geometrie              1    geometry:Polygon géométrie
    idPCRS                 1    string identifiant unique de la dalle
    resolution             1    integer taille du pixel au sol en cm (entier)
    dateAcquisition        1    date date de la prise de vue
    dateRecette            1    date date d'intégration par le maître d'ouvrage
    precisionPlanimetriqueCorpsDeRue 1    code:CategoriePrecisionPCRSType précision XY dans le corps de rue
    precisionPlanimetriqueZoneNaturelle 1    code:CategoriePrecisionPCRSType précision XY hors corps de rue
    descriptionElementsQualite 1    string qualité : objets redressés dans le MNE, nuages, recouvrement…
    masque                 0..n link:MasqueOpacitePCRS lien masque d'opacité
MasqueOpacitePCRS < HabillagePCRS | Masque d'opacité | Raster | 11
    transparence           1    integer pourcentage de transparence (0-100)
    geometrie              1    geometry:Surface géométrie
    raster                 1..n link:RasterPCRS lien vers RasterPCRS
EmpriseEchangePCRS | Emprise d'échange | Publication
    fournisseur            1    string collectivité gestionnaire du PCRS
    datePublication        1    date date de mise à disposition
    complement             0..1 string information complémentaire
    type                   0..1 string type d'emprise
    geometrie              1    geometry:MultiSurface géométrie
    idEmprise              1    string identifiant de l'emprise
    raster                 0..n link:RasterPCRS lien vers RasterPCRS
    objet                  0..n link:ObjetVecteurPCRS lien vers objet vecteur
    commune                0..n link:Commune lien commune
    troncon                0..n link:TronconVoirie lien tronçon
    habillage              0..n link:HabillagePCRS lien habillage
Commune | Lien vers un objet commune | Publication
    codeINSEE              1    string code INSEE
    nom                    0..1 string nom
    geometrie              1    geometry:MultiSurface géométrie
    reference              1    string désignation du symbole ou identifiant dans le référentiel
TronconVoirie | Tronçon de voie | Publication
    geometrie              1    geometry:Curve géométrie
    source                 1    string source / référentiel
    reference              1    string désignation du symbole ou identifiant dans le référentiel
    propriete              0..1 code:ProprieteEspaceType espace public ou privé
pcrs-i:InitiativePCRS | Initiative PCRS | Information
    partenaires            0..n string partenaires
    gestionnaire           1    string gestionnaire
    description            0..1 string description
    geometrie              1    geometry:MultiSurface géométrie
    commune                0..n link:Commune lien commune
pcrs-i:EmpriseDisponibilitePCRS | Emprise de disponibilité | Information
    dateActualite          0..1 date date de validité de la disponibilité
    calendrier             0..1 code:CalendrierPCRSType état d'avancement
    geometrie              1    geometry:MultiSurface géométrie
    troncon                0..n link:TronconVoirie lien tronçon
    commune                0..n link:Commune lien commune
    initiative             1    link:InitiativePCRS lien initiative
"""
