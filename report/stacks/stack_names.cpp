#include "report/stacks/stack_names.h"

#include <fmt/core.h>

#include <iterator>

#include "report/base/names.h"
#include "report/stacks/frame_text.h"

namespace pymemflow::report {
namespace {

void take_line(SiteName& name, const CodeLine& line) {
  name.source_file = line.file;
  name.source_line = line.line;
}

// Gives a C function of `name.module` the name that debug information has.
void name_function(SiteName& name, const CodeLine& line, Symbols& symbols) {
  name.caller = base_name(name.module);
  name.caller += '`';
  name.caller += line.function.empty() ? "(unknown)" : line.function;
  name.demangled = symbols.function_of(line.function);
}

}  // namespace

SiteName name_of(const Site& site, Symbols& symbols) {
  SiteName name;
  name.has_frame = site.has_frame;
  if (site.has_frame) {
    name.file = site.file;
    name.function = site.function;
    name.line = site.line;
    return name;
  }
  if (is_missing_frames(site.address)) {
    name.missing = static_cast<StackEnd>(site.address);
    name.caller = "[native frames missing: ";
    name.caller += name_of(static_cast<StackEnd>(site.address));
    name.caller += ']';
    return name;
  }
  name.caller = symbols.name(site.address, site.module);
  name.demangled = symbols.details(site.address, site.module).function;
  const Module* const module = symbols.module_of(site.address, site.module);
  if (module != nullptr) name.module = module->path;
  const Vector<CodeLine>& lines = symbols.details(site.address, site.module).lines;
  if (!lines.empty()) take_line(name, lines.back());
  if (!symbol_in(name.caller).empty()) return name;
  // Debug information names functions that the tables of symbols lack.
  if (!name.module.empty() && !lines.empty() && !lines.back().function.empty()) {
    name_function(name, lines.back(), symbols);
    return name;
  }
  // Another run has another address.
  if (module == nullptr || name.module.empty()) {
    name.caller = kInNoFile;
  } else {
    name.caller = base_name(name.module);
    fmt::format_to(std::back_inserter(name.caller), "`{:#x}",
                   site.address - module->start + module->offset);
  }
  return name;
}

CallNode StackNames::node_of(OriginId origin) {
  StackId stack = origins_.stack(origin);
  if (stack < kFirstStack) {
    const std::uint32_t number = number_of(origins_.site(origin));
    if (number >= alone_.size()) alone_.resize(tree_.names(), 0);
    if (alone_[number] == 0) alone_[number] = tree_.add(kNoCallNode, number);
    return alone_[number];
  }
  const StackTable& stacks = names_.stacks();
  Vector<StackId> missing;  // from the top down
  while (const StackNode* const node = nodes_[stack] == 0 ? stacks.find(stack) : nullptr) {
    missing.push_back(stack);
    stack = node->parent;
    if (stack < kFirstStack) break;
  }
  CallNode node = stack < kFirstStack ? stack : nodes_[stack];
  while (!missing.empty()) {
    const StackId above = missing.back();
    missing.pop_back();
    const SiteId site = stacks.find(above)->site;
    node = tree_.add(node, number_of(site));
    const auto inlined = inlined_.find(site);
    if (inlined != inlined_.end()) {
      for (const std::uint32_t number : inlined->second) node = tree_.add(node, number);
    }
    nodes_[above] = node;
  }
  return node;
}

std::uint32_t StackNames::number_of(SiteId site) {
  std::uint32_t& number = numbers_[site];
  if (number != 0) return number - 1;
  const Site* const known = names_.find(site);
  number = add_name_of(known) + 1;
  if (known != nullptr && !known->has_frame) add_inlined(site, *known);
  return numbers_[site] - 1;
}

std::uint32_t StackNames::add_name_of(const Site* site) {
  if (site != nullptr && site->has_frame) {
    const Line line = {site->file.data(), site->function.data(), site->line};
    const auto [found, is_new] = lines_.try_emplace(line, tree_.names());
    if (is_new) tree_.add_name(name_of(*site));
    return found->second;
  }
  SiteName name;
  name.caller = "(damaged name)";
  if (site != nullptr) name = name_of(*site);
  return add_caller(std::move(name));
}

std::uint32_t StackNames::add_caller(SiteName name) {
  String key = name.caller;
  if (name.source_line != 0 || name.is_inlined) {
    key += '\0';
    key += name.source_file;
    fmt::format_to(std::back_inserter(key), ":{}{}", name.source_line,
                   name.is_inlined ? " inlined" : "");
  }
  const auto [found, is_new] = callers_.try_emplace(std::move(key), tree_.names());
  if (is_new) tree_.add_name(std::move(name));
  return found->second;
}

void StackNames::add_inlined(SiteId id, const Site& site) {
  if (is_missing_frames(site.address)) return;
  const Vector<CodeLine>& lines = symbols_.details(site.address, site.module).lines;
  const Module* const module = symbols_.module_of(site.address, site.module);
  if (lines.size() < 2 || module == nullptr) return;
  Vector<std::uint32_t> numbers;
  for (auto line = lines.rbegin() + 1; line != lines.rend(); ++line) {
    SiteName name;
    name.is_inlined = true;
    name.module = module->path;
    take_line(name, *line);
    name_function(name, *line, symbols_);
    numbers.push_back(add_caller(std::move(name)));
  }
  inlined_.emplace(id, std::move(numbers));
}

std::size_t StackNames::LineHash::operator()(const Line& line) const {
  std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(line.file) * 0x9e3779b97f4a7c15;
  mixed ^= reinterpret_cast<std::uintptr_t>(line.function) + (mixed >> 29);
  mixed = mixed * 0xd6e8feb86659fd93 + static_cast<std::uint32_t>(line.line);
  return mixed ^ mixed >> 32;
}

}  // namespace pymemflow::report
