-- The database and its two roles. Once, as a superuser, on PostgreSQL 15 or newer:
--   psql -v owner_password=… -v app_password=… -f roles.sql
-- hashservice_owner owns the tables and only migrates; hashservice_app is the service at run time:
-- it works with rows, owns nothing and cannot change what is append-only. `manage.py migrate` grants it.
CREATE ROLE hashservice_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS
    PASSWORD :'owner_password';
CREATE ROLE hashservice_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS
    PASSWORD :'app_password';
CREATE DATABASE hashservice OWNER hashservice_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE hashservice FROM PUBLIC;
GRANT CONNECT ON DATABASE hashservice TO hashservice_app;
\connect hashservice
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
