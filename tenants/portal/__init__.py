"""The portal: what a tenant's people see and do in the browser.

A page is a subclass of `PortalView` that names the permission it needs, a template that extends
`portal/shell.html`, and in `hashservice/portal.py` a route and an entry of the navigation. Apps
above this one have portal pages of their own, in the same shell.
"""
