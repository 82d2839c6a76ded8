"""Other services' wire contracts, answered by our verbs: their clients change an address and a key.

What these contracts would tell that ours does not (distances, hashes of listed media) stays untold.
"""
