-- The database and its roles. Once, as a superuser, on PostgreSQL 15 or newer:
--   psql -v owner_password=… -v app_password=… -v web_password=… -v worker_password=… \
--        -v sealer_password=… -f roles.sql
-- hashservice_owner owns the tables and only migrates; hashservice_app is the service at run time:
-- it works with rows, owns nothing and cannot change what is append-only. hashservice_web, _worker and
-- _sealer may do what their processes do and no more (DATABASE_WEB_ROLE …). `manage.py migrate` grants.
CREATE ROLE hashservice_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS
    PASSWORD :'owner_password';
CREATE ROLE hashservice_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS
    PASSWORD :'app_password';
CREATE ROLE hashservice_web LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS
    PASSWORD :'web_password';
CREATE ROLE hashservice_worker LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS
    PASSWORD :'worker_password';
CREATE ROLE hashservice_sealer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS
    PASSWORD :'sealer_password';
CREATE DATABASE hashservice OWNER hashservice_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE hashservice FROM PUBLIC;
GRANT CONNECT ON DATABASE hashservice
    TO hashservice_app, hashservice_web, hashservice_worker, hashservice_sealer;
\connect hashservice
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
