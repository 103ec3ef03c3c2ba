-- The tables of a store: which version it has, its layers, and what is kept of each by triggers, so that QGIS and
-- psql may write as well as pcrs does.
CREATE TABLE pcrs_store (
    alone boolean PRIMARY KEY DEFAULT true CHECK (alone),
    version integer NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 0
);
INSERT INTO pcrs_store DEFAULT VALUES;
CREATE TABLE pcrs_layer (
    name text COLLATE "C" PRIMARY KEY,
    definition text NOT NULL,
    objects bigint NOT NULL DEFAULT 0,
    min_x double precision,
    min_y double precision,
    max_x double precision,
    max_y double precision
);
-- After each statement on a layer's table: its count, its box, the revision. The box is measured anew only when
-- what went away touched its border.
CREATE FUNCTION pcrs_written() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    added bigint := 0;
    gone bigint := 0;
    fresh box3d;
    old_box box3d;
    known pcrs_layer;
BEGIN
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        SELECT count(*) INTO added FROM new_rows;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        SELECT count(*) INTO gone FROM old_rows;
    END IF;
    IF added + gone = 0 AND TG_OP <> 'TRUNCATE' THEN
        RETURN NULL;
    END IF;
    UPDATE pcrs_store SET revision = revision + 1;
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE pcrs_layer SET objects = 0, min_x = NULL, min_y = NULL, max_x = NULL, max_y = NULL
            WHERE name = TG_TABLE_NAME;
        RETURN NULL;
    END IF;
    UPDATE pcrs_layer SET objects = objects + added - gone WHERE name = TG_TABLE_NAME RETURNING * INTO known;
    IF TG_ARGV[0] <> 'geom' THEN
        RETURN NULL;
    END IF;
    IF added > 0 THEN
        SELECT ST_3DExtent(geom) INTO fresh FROM new_rows;
    END IF;
    IF gone > 0 THEN
        SELECT ST_3DExtent(geom) INTO old_box FROM old_rows;
    END IF;
    IF old_box IS NOT NULL AND (
        (ST_XMin(old_box) <= known.min_x AND NOT coalesce(ST_XMin(fresh) <= known.min_x, false))
        OR (ST_YMin(old_box) <= known.min_y AND NOT coalesce(ST_YMin(fresh) <= known.min_y, false))
        OR (ST_XMax(old_box) >= known.max_x AND NOT coalesce(ST_XMax(fresh) >= known.max_x, false))
        OR (ST_YMax(old_box) >= known.max_y AND NOT coalesce(ST_YMax(fresh) >= known.max_y, false))
    ) THEN
        EXECUTE format('SELECT ST_3DExtent(geom) FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO fresh;
        known.min_x := NULL; known.min_y := NULL; known.max_x := NULL; known.max_y := NULL;
    END IF;
    UPDATE pcrs_layer SET
        min_x = least(known.min_x, ST_XMin(fresh)), min_y = least(known.min_y, ST_YMin(fresh)),
        max_x = greatest(known.max_x, ST_XMax(fresh)), max_y = greatest(known.max_y, ST_YMax(fresh))
        WHERE name = TG_TABLE_NAME;
    RETURN NULL;
END $$;
