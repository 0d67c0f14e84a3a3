"""x"""
from symnet.notation.page import latex_body, render
