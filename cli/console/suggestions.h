#pragma once
// Finds the name that a mistyped word was probably meant to be. Pure.

#include <string>
#include <vector>

namespace pymemflow::cli {

// " (did you mean 'run'?)" for the name nearest to the word, or nothing if none is near.
std::string suggestion(const std::string& word, const std::vector<std::string>& names);

}  // namespace pymemflow::cli
