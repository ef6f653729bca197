"""The demo city: invented enterprises and people, and three years of what they and the bureaus did.

Every name, number and paper here is made up; whatever could pass for an official document is marked 演示.
"""
