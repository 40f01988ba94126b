"""Integrates and expands with SymPy."""
import sympy

x = sympy.symbols('x')
sympy.integrate(sympy.sin(x) * sympy.exp(x), x)
sympy.expand((x + 1) ** 40)
