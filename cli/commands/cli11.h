#pragma once
// The library that takes command lines apart, without what the strict warnings say of its headers.
// For cli/ alone.

#include <CLI/CLI.hpp>
