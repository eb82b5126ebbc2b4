"""Leading eigenpairs of the Hessian: search, certificate, growing sample sets."""
