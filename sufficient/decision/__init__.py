"""Is it enough, and how much more?"""
