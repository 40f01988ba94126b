#pragma once
// JSON, by a library, and how files are written here. For cli/ alone; one thread.

#include <nlohmann/json.hpp>
#include <string>

namespace pymemflow::cli {

using Json = nlohmann::ordered_json;

// The whole file at once: whoever reads it never sees half of it. A new one is its owner's alone, a
// link is followed by the rules of report/base/output_file.h. False, after a line on standard
// error: it cannot be written.
bool write_file(const std::string& path, const std::string& text);

// Names out of a program need not be UTF-8: what is not comes out as U+FFFD. Nothing in the text is
// a character that a terminal obeys.
std::string text_of(const Json& json);
bool write_json(const std::string& path, const Json& json);

}  // namespace pymemflow::cli
