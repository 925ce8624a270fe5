"""Who is believed: keys, and the signed policy that names them."""
