-- What filters of the catalogue call in PostgreSQL; in SQLite `record_functions` has the same by the same names.

-- Words as a search compares them: `standard.folding`.
CREATE OR REPLACE FUNCTION pcrs_fold(written text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(
        replace(replace(replace(
            translate(
                lower(regexp_replace(
                    normalize(
                        translate(written, '‘’‛ʹʼʻ′´`‐‑‒–—―−', repeat('''', 9) || repeat('-', 7)),
                        NFKD),
                    U&'[\0300-\036F]', '', 'g')),
                'ŒÆ', 'œæ'),
            'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'),
        '\s+', ' ', 'g')
$$;

-- The number that a text writes, null when it writes none.
CREATE OR REPLACE FUNCTION pcrs_number(written text) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN written ~ '^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?\s*$'
        THEN written::double precision END
$$;

-- True when a list between commas has the word.
CREATE OR REPLACE FUNCTION pcrs_lists(written text, word text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT word = ANY (string_to_array(written, ','))
$$;

-- True when the box of a record (microdegrees) stands in this relation to a shape (degrees); reach is in degrees.
CREATE OR REPLACE FUNCTION pcrs_meets(
    west integer, south integer, east integer, north integer, shape text, relation text, reach double precision
) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE relation
        WHEN 'intersects' THEN ST_Intersects(here, there)
        WHEN 'within' THEN ST_Within(here, there)
        WHEN 'contains' THEN ST_Contains(here, there)
        WHEN 'disjoint' THEN ST_Disjoint(here, there)
        WHEN 'overlaps' THEN ST_Overlaps(here, there)
        WHEN 'touches' THEN ST_Touches(here, there)
        WHEN 'crosses' THEN ST_Crosses(here, there)
        WHEN 'equals' THEN ST_Equals(here, there)
        WHEN 'dwithin' THEN ST_Distance(here, there) <= reach
        WHEN 'beyond' THEN ST_Distance(here, there) > reach
    END
    FROM (SELECT
        ST_MakeEnvelope(west / 1e6, south / 1e6, east / 1e6, north / 1e6) AS here,
        ST_GeomFromText(shape) AS there
    ) AS both_shapes
$$;
