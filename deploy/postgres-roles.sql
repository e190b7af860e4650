-- Two roles for PostgreSQL: the one that owns the tables and migrates, and the one that serves. The second changes no
-- table and no trigger, and no record of the audit. Before each upgrade's first start, and after this file once more:
--
--   psql --dbname safespace --set ON_ERROR_STOP=1 --file deploy/postgres-roles.sql
--   safespace migrate --database-url postgres://safespace_owner@…/safespace
--   psql --dbname safespace --set ON_ERROR_STOP=1 --file deploy/postgres-roles.sql
--   safespace serve   --database-url postgres://safespace_server@…/safespace
--
-- Give both a password, or another way to sign in (pg_hba.conf). It may be run as often as you like, by a superuser:
-- what another role has made in the schema before becomes the owner's.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'safespace_owner') THEN
    CREATE ROLE safespace_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'safespace_server') THEN
    CREATE ROLE safespace_server LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
  END IF;
END $$;
DO $$ DECLARE made record; BEGIN
  FOR made IN SELECT c.oid::regclass AS name FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO safespace_owner', made.name);
  END LOOP;
  FOR made IN SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO safespace_owner', made.name);
  END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO safespace_owner;
GRANT USAGE ON SCHEMA public TO safespace_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO safespace_server;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO safespace_server;
-- What there is once the owner has migrated.
DO $$ BEGIN
  IF to_regclass('public.audit') IS NOT NULL THEN
    REVOKE UPDATE, DELETE ON audit FROM safespace_server;
    REVOKE INSERT, UPDATE, DELETE ON seaql_migrations FROM safespace_server;
  END IF;
END $$;
