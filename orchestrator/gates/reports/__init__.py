"""What gates say, and in which form: findings in words, where each goes, and the formats of others."""
