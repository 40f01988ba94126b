#include "report/replay/exemptions.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>

#include "report/base/names.h"
#include "report/replay/imports.h"

namespace pymemflow::report {
namespace {

// Functions of the standard library that keep memory for the life of the process.
struct Keeper {
  Exemption why;
  std::string_view frozen;  // the file's name if the module is frozen; empty if it never is
  std::string_view file;    // in the standard library's folder; a * at its end matches any text
  std::string_view function;
};
constexpr Keeper kKeepers[] = {
    // A loaded library stays loaded.
    {Exemption::Import, "", "ctypes/__init__.py", "__init__"},
    // Codecs are cached.
    {Exemption::Import, "", "encodings/*", "getregentry"},
    // A class lives as long as its module.
    {Exemption::Class, "<frozen abc>", "abc.py", "__new__"},
    {Exemption::Class, "", "enum.py", "__new__"},
    {Exemption::Class, "", "enum.py", "__setattr__"},
    {Exemption::Class, "", "typing.py", "__new__"},
    {Exemption::Class, "", "collections/__init__.py", "namedtuple"},
    // setenv() never frees a value that was replaced: a pointer to it may have been handed out.
    {Exemption::Environment, "<frozen os>", "os.py", "__setitem__"},
};

// Functions of those files that return memory to their callers, without leading underscores. A * at
// the end matches any text.
constexpr std::string_view kHandedOut[] = {
    "Znw*",     "Zna*",      "operator new*", "strdup",   "strndup",  "wcsdup",
    "asprintf", "vasprintf", "getline",       "getdelim", "realpath", "getcwd",
    "fopen*",   "fdopen*",   "opendir",       "scandir*", "regcomp",  "getaddrinfo",
};

bool fits(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

// Returns "json/tool.py" for ".../lib/python3.11/json/tool.py"; an empty text for other paths.
std::string_view in_standard_library(std::string_view path) {
  const std::size_t folder = path.rfind("/python3");
  if (folder == std::string_view::npos) return {};
  const std::size_t end = path.find('/', folder + 1);
  return end == std::string_view::npos ? std::string_view{} : path.substr(end + 1);
}

bool is_by(const Keeper& keeper, const Site& site) {
  if (site.function != keeper.function) return false;
  const bool is_frozen = !keeper.frozen.empty() && site.file == keeper.frozen;
  return is_frozen || fits(keeper.file, in_standard_library(site.file));
}

// Files of python/pymemflow whose lines allocate for themselves.
constexpr std::string_view kOwnFiles[] = {"__init__.py",
                                          "_growth.py",
                                          "_limit.py",
                                          "_native.py",
                                          "_limit_leaks.py",
                                          "_rounds.py",
                                          "pytest_plugin/limits.py"};
// Those that call the standard library for themselves, and never a function of the program.
constexpr std::string_view kMeasuringFiles[] = {"_growth.py", "_native.py"};

bool is_in(std::span<const std::string_view> names, std::string_view file) {
  constexpr std::string_view kFolder = "/pymemflow/";
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return file.ends_with(name) && file.substr(0, file.size() - name.size()).ends_with(kFolder);
  });
}

bool is_of_standard_library(const Site& site) {
  const std::string_view path = in_standard_library(site.file);
  return site.file.starts_with("<frozen ") ||
         (!path.empty() && !path.starts_with("site-packages/") &&
          !path.starts_with("dist-packages/"));
}

}  // namespace

Exemption Exemptions::of(const Ledger::Block& block) {
  const Exemption why = by_place(block);
  return why == Exemption::None && block.is_object != 0 ? Exemption::Object : why;
}

Exemption Exemptions::by_place(const Ledger::Block& block) {
  const SiteId number = origins_.site(block.origin);
  Rule& rule = rules_[number];
  if (!rule.is_known) {
    const Site* const site = names_.find(number);
    if (site == nullptr) return Exemption::None;
    rule = rule_for(*site);
  }
  const bool is_start = block.event < imports_.first_code();
  if (is_start && rule.at_start != Exemption::None) return rule.at_start;
  if (rule.always == Exemption::Engine) return Exemption::Engine;
  const StackRule* const stack = stack_rule_of(block);
  if (stack != nullptr && stack->is_own) return Exemption::Own;
  const bool is_import = stack != nullptr && (stack->is_whole || stack->is_import)
                             ? stack->is_import
                             : imports_.covers(block.thread, block.event);
  return is_import ? Exemption::Import : rule.always;
}

const Exemptions::StackRule* Exemptions::stack_rule_of(const Ledger::Block& block) {
  const StackId stack = origins_.stack(block.origin);
  if (stack < kFirstStack) return nullptr;
  StackRule& rule = stack_rules_[block.origin];
  if (!rule.is_known) rule = stack_rule_for(stack);
  return &rule;
}

Exemptions::StackRule Exemptions::stack_rule_for(StackId stack) const {
  StackRule rule = {.is_known = true};
  bool has_body = false;
  bool is_above_user = true;  // in the standard library, above the frames of the program
  const StackEnd end = names_.stacks().for_each_frame(stack, [&](SiteId number) {
    const Site* const site = names_.find(number);
    if (site == nullptr || !site->has_frame) return;
    has_body = has_body || imports_.is_body(number, *site);
    rule.is_import = rule.is_import || (has_body && Imports::is_machinery(*site));
    rule.is_own = rule.is_own || (is_above_user && is_in(kMeasuringFiles, site->file));
    is_above_user = is_above_user && is_of_standard_library(*site);
  });
  rule.is_whole = end == StackEnd::Bottom;
  return rule;
}

Exemptions::Rule Exemptions::rule_for(const Site& site) const {
  Rule rule = {.is_known = true};
  if (site.has_frame) {
    rule.always = is_in(kOwnFiles, site.file) ? Exemption::Own : exemption_of_code(site);
    return rule;
  }
  const Vector<Module>& modules = names_.modules();
  const bool has_module = site.module != 0 && site.module <= modules.size();
  if (!has_module || !is_engine(modules[site.module - 1].path)) return rule;
  rule.at_start = Exemption::Engine;
  // The result of a function such as strdup() belongs to the caller.
  if (!is_handed_out(symbols_.name(site.address, site.module))) rule.always = Exemption::Engine;
  return rule;
}

Exemption exemption_of_code(const Site& site) {
  if (Imports::is_machinery(site)) return Exemption::Import;
  for (const Keeper& keeper : kKeepers) {
    if (is_by(keeper, site)) return keeper.why;
  }
  return Exemption::None;
}

bool is_handed_out(std::string_view caller) {
  const std::size_t file_end = caller.find('`');
  if (file_end == std::string_view::npos) return false;
  std::string_view function = caller.substr(file_end + 1);
  while (function.starts_with('_')) function.remove_prefix(1);
  return std::any_of(std::begin(kHandedOut), std::end(kHandedOut),
                     [&](std::string_view pattern) { return fits(pattern, function); });
}

}  // namespace pymemflow::report
