#include "report/stacks/site_name.h"

#include <fmt/core.h>

#include <iterator>

#include "report/symbols/demangle.h"

namespace pymemflow::report {
namespace {

// Instances of templates have names of some hundred bytes, which hide the rest of a line.
constexpr std::size_t kShownFunctionBytes = 100;

String function_text(std::string_view function, const Names& names, FunctionText wanted) {
  if (wanted == FunctionText::Whole) return shown_function(names, function);
  return shown_function(names, shortened(function, kShownFunctionBytes));
}

String native_text(const SiteName& site, const Names& names, FunctionText wanted) {
  const NativeName native = native_name(site);
  const String library = native.library.empty() ? String() : shown_file(names, native.library);
  String text = function_text(native.function, names, wanted);
  if (native.function.empty()) {
    text = library;
    if (!text.empty() && !native.offset.empty()) text += '+';
    text += shown_function(names, native.offset);
  }
  if (wanted == FunctionText::Short && site.source_line != 0) {
    text += ' ';
    text += shown_file(names, site.source_file);
    fmt::format_to(std::back_inserter(text), ":{}", site.source_line);
  }
  if (native.function.empty()) return text;
  if (library.empty()) return site.is_inlined ? text + " (inlined)" : text;
  text += " (";
  text += library;
  if (site.is_inlined) text += ", inlined";
  text += ')';
  return text;
}

}  // namespace

NativeName native_name(const SiteName& site) {
  const std::string_view caller = site.caller;
  NativeName name;
  name.library = site.module;
  if (!caller.empty() && site.caller == site.module) return name;
  if (caller == kInNoFile) {
    name.library = kInNoFile;
    return name;
  }
  const std::size_t tick = caller.find('`');
  std::string_view rest = caller;
  if (tick != std::string_view::npos) {
    if (name.library.empty()) name.library = caller.substr(0, tick);
    rest = caller.substr(tick + 1);
  }
  if (rest.starts_with("0x")) {
    name.offset = rest;
  } else if (site.demangled.empty()) {
    name.function = rest;
  } else {
    name.function = site.demangled;
    name.symbol = rest;
  }
  return name;
}

String site_text(const SiteName& site, const Names& names, FunctionText function) {
  if (!site.group.empty()) {
    const bool is_path = names.full_file_path && !site.file.empty();
    return is_path ? shown_file(names, site.file) : shown_function(names, site.group);
  }
  if (!site.has_frame) return native_text(site, names, function);
  String text = shown_file(names, site.file);
  if (site.line != SiteName::kNoLine) fmt::format_to(std::back_inserter(text), ":{}", site.line);
  if (site.line == SiteName::kNoLine && site.function.empty()) return text;
  text += ' ';
  text += shown_function(names, site.function);
  return text;
}

String shown_site(const SiteName& site, bool full_file_path) {
  return site_text(site, {.full_file_path = full_file_path}, FunctionText::Short);
}

}  // namespace pymemflow::report
