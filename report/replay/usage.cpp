#include "report/replay/usage.h"

#include <tuple>

namespace pymemflow::report {

Amount Usage::leaked() const {
  Amount rest = totals.live;
  for (const Amount& amount : exempt) rest.subtract(amount);
  return rest;
}

void Usage::add(const Usage& other) {
  totals.add(other.totals);
  for (std::size_t why = 0; why < kExemptions; ++why) exempt[why].add(other.exempt[why]);
  at_peak.add(other.at_peak);
  mapped.add(other.mapped);
  freed.add(other.freed);
}

void StackShare::take(const StackShare& other) {
  const bool is_larger =
      std::tie(other.amount.bytes, other.amount.blocks) > std::tie(amount.bytes, amount.blocks);
  if (node == kNoCallNode || is_larger) *this = other;
}

void SiteStats::add(const SiteStats& other) {
  Usage::add(other);
  most_live.take(other.most_live);
  most_leaked.take(other.most_leaked);
  stacks += other.stacks;
  live_stacks += other.live_stacks;
  leaked_stacks += other.leaked_stacks;
  most_shown.take(other.most_shown);
  shown_stacks += other.shown_stacks;
}

void SiteStats::add(const StackStats& stack) {
  Usage::add(stack);
  most_live.take({stack.node, stack.totals.live});
  most_leaked.take({stack.node, stack.leaked()});
  ++stacks;
  live_stacks += stack.totals.live.blocks != 0 ? 1 : 0;
  leaked_stacks += stack.leaked().blocks != 0 ? 1 : 0;
}

SiteStats row_of(const CallTree& tree, const StackStats& stack) {
  SiteStats row;
  row.site = tree.frame(tree.line_of(stack.node));
  row.add(stack);
  return row;
}

bool has_more(const SiteStats& a, const SiteStats& b) {
  const Amount& left = a.totals.live;
  const Amount& right = b.totals.live;
  if (left.bytes != right.bytes) return left.bytes > right.bytes;
  if (left.blocks != right.blocks) return left.blocks > right.blocks;
  return a.site.key() < b.site.key();
}

void join_rows(Vector<SiteStats>& rows) {
  join_same(rows, [](SiteStats& row, const SiteStats& other) { row.add(other); });
  std::sort(rows.begin(), rows.end(), has_more);
}

Vector<SiteStats> rows_by_line(const CallTree& tree, const Vector<StackStats>& stacks) {
  Vector<SiteStats> rows;
  Vector<std::size_t> numbers(tree.names());  // in `rows`, plus 1, by name
  for (const StackStats& stack : stacks) {
    const CallNode line = tree.line_of(stack.node);
    std::size_t& number = numbers[tree.name_of(line)];
    if (number == 0) {
      rows.emplace_back().site = tree.frame(line);
      number = rows.size();
    }
    rows[number - 1].add(stack);
  }
  std::sort(rows.begin(), rows.end(), has_more);
  return rows;
}

}  // namespace pymemflow::report
