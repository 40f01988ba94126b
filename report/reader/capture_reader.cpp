#include "report/reader/capture_reader.h"

#include <algorithm>
#include <utility>

#include "options/options.h"

namespace pymemflow::report {

CaptureError CaptureReader::poll(std::uint64_t limit) {
  if (const CaptureError error = contents_.poll(limit); error != CaptureError::None) return error;
  limit_ = limit;
  mark_names_.clear();
  if (head().mode == RecordMode::Sums) {
    streams_.clear();
    pending_moves_ = blocks_read_ = 0;
    has_held_ = false;
    recorded_ = left_out_ = 0;
    take_sums();
  }
  update_streams();
  return CaptureError::None;
}

void CaptureReader::take_sums() {
  sums_ = contents_.sums();
  std::erase_if(sums_, [this](EventSum& sum) {
    if (!has_sites(head().frames) && sum.site != kNoSite) {
      sum.stack = sum.site;
      const SiteId line = has_stacks() ? names().line_of(sum.stack) : kNoSite;
      if (line != kNoSite) sum.site = line;
    }
    const bool is_nameless = sum.site != kNoSite && names().find(sum.site) == nullptr;
    (is_nameless ? left_out_ : recorded_) += sum.count;
    return is_nameless;
  });
}

void CaptureReader::update_streams() {
  heap_.clear();
  current_ = kNone;
  const CaptureIndex& index = contents_.index();
  for (const auto blocks : {index.sealed(), index.others(BlockKind::Events)}) {
    for (std::size_t i = 0; i < blocks.size();) {
      const std::uint32_t writer = blocks[i].head.writer;
      const bool is_known = std::any_of(streams_.begin(), streams_.end(),
                                        [=](const Stream& each) { return each.writer == writer; });
      if (!is_known) begin_stream(*index.find_events(writer, 0));
      while (i < blocks.size() && blocks[i].head.writer == writer) ++i;
    }
  }
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    if (!stream.is_complete) extend_block(stream);
    const bool has_records = stream.has_pending || stream.position < stream.words.size();
    if (has_records || load_block(stream)) push(i);
  }
}

void CaptureReader::begin_stream(const IndexedBlock& first) {
  Stream& stream = streams_.emplace_back();
  stream.writer = first.head.writer;
  stream.events = first.head.events_before;
  overwritten_ += stream.events;
}

namespace {

// The value of an option of the recorded program. Its options are NAME=value, one per line; empty:
// the option was not given.
std::string_view value_of(std::string_view options, std::string_view name) {
  std::string_view value;
  for (std::size_t at = 0; at < options.size();) {
    const std::size_t end = std::min(options.find('\n', at), options.size());
    const std::string_view line = options.substr(at, end - at);
    if (line.starts_with(name)) value = line.substr(name.size());
    at = end + 1;
  }
  return value;
}

bool is_recording_mappings(std::string_view options) {
  bool is_on = true;
  parse_switch(value_of(options, "PYMEMFLOW_MAPPINGS="), is_on);
  return is_on;
}

}  // namespace

bool CaptureReader::has_native_frames() const {
  return has_stacks() && value_of(metadata().options, "PYMEMFLOW_STACK=") != "python";
}

ProcessInfo CaptureReader::process_info() const {
  return {.id = head().process,
          .is_forked_child = head().is_forked_child != 0,
          .end = head().end,
          .mode = head().mode,
          .has_stacks = has_stacks(),
          .has_mappings = is_recording_mappings(metadata().options),
          .started_ns = head().started_ns,
          .started_monotonic_ns = head().started_monotonic_ns,
          .command_line = metadata().command_line,
          .python_version = metadata().python_version,
          .map = &contents_.process_map(),
          .threads = &contents_.threads()};
}

double CaptureReader::progress() const {
  const std::size_t blocks = contents_.index().event_blocks();
  return blocks == 0 ? 1 : static_cast<double>(blocks_read_) / static_cast<double>(blocks);
}

bool CaptureReader::next(Event& event, const Site*& site) {
  while (take_event(event)) {
    if (!has_site(event.kind)) [[unlikely]] {
      site = nullptr;
      return true;
    }
    site = names().find(event.site);
    if (site != nullptr) [[likely]] {
      if (event.kind == EventKind::Call) ++recorded_;
      return true;
    }
    ++left_out_;
  }
  return false;
}

bool CaptureReader::next(EventBatch& batch) {
  batch.size = 0;
  while (batch.size < EventBatch::kEvents &&
         next(batch.events[batch.size], batch.sites[batch.size])) {
    ++batch.size;
  }
  return batch.size != 0;
}

bool CaptureReader::take_event(Event& event) {
  if (!has_held_) {
    if (!take_in_order(event)) return false;
    if (pending_moves_ == 0) [[likely]]
      return true;
    held_ = event;
    has_held_ = true;
  }
  if (Stream* overtaken = find_overtaken(held_)) {
    // The block that the Move allocates may be the old block of another Move. The length of the
    // chain is limited, because damaged records may form a circle.
    for (std::size_t links = pending_moves_; links > 1; --links) {
      Stream* const before = find_overtaken(overtaken->pending);
      if (before == nullptr || before == overtaken) break;
      overtaken = before;
    }
    event = take_pending(*overtaken);
    return true;
  }
  has_held_ = false;
  event = held_;
  return true;
}

bool CaptureReader::take_in_order(Event& event) {
  for (;;) {
    if (current_ == kNone) {
      if (heap_.empty()) return false;
      current_ = pop();
    }
    Stream& stream = streams_[current_];
    if (stream.has_pending) {
      event = take_pending(stream);
      return true;
    }
    switch (step(stream, event)) {
      case Step::Event:
        return true;
      case Step::Turn:
        push(current_);
        break;
      case Step::End:
        break;
    }
    current_ = kNone;
  }
}

Event CaptureReader::take_pending(Stream& stream) {
  stream.has_pending = false;
  --pending_moves_;
  return stream.pending;
}

CaptureReader::Step CaptureReader::step(Stream& stream, Event& event) {
  const SiteNumbers numbers = site_numbers(head().frames);
  for (;;) {
    if (stream.position >= stream.words.size()) {
      const std::uint64_t key = stream.key;
      if (!load_block(stream)) return Step::End;
      // The block that follows a skipped one is later in the order.
      if (stream.key != key) return Step::Turn;
      continue;  // it may be empty
    }
    const std::span<const Word> record = take_record(stream);
    if (record.empty()) {
      ++damaged_;
      stream.position = stream.words.size();
      continue;
    }
    event.thread = stream.thread;
    event.kind = EventKind::Call;
    event.after_ns = stream.clock_ns;
    const RecordKind kind = kind_of(record[0]);
    if (is_event(kind)) {
      ++stream.events;
      if (!read_event(record.data(), numbers, stream.sizes, event)) {
        ++damaged_;
        continue;
      }
      if (stream.is_sampled) [[unlikely]] {
        ++left_out_;
        continue;
      }
      event.stack = kNoStack;
      if (stream.has_used && !resolve(stream, event)) [[unlikely]] {
        ++damaged_;
        continue;
      }
      if (kind == RecordKind::Call && is_followed_by_end(stream)) return hold_back(stream, event);
      return Step::Event;
    }
    if (kind == RecordKind::Turn) {
      // An epoch may be older than the stamp of the writer.
      stream.key = std::max(stream.key, stamp_of(record[0]));
      return Step::Turn;
    }
    if (kind == RecordKind::Extended && take_extended(stream, record, event)) return Step::Event;
  }
}

bool CaptureReader::resolve(const Stream& stream, Event& event) {
  if (event.site >= stream.used.size()) return false;
  event.stack = stream.used[event.site].stack;
  event.site = stream.used[event.site].site;
  return true;
}

bool CaptureReader::is_followed_by_end(const Stream& stream) {
  const std::span<const Word> rest = std::span<const Word>(stream.words).subspan(stream.position);
  return rest.size() >= kMoveEndWords && rest[0] == kMoveEndHead;
}

CaptureReader::Step CaptureReader::hold_back(Stream& stream, const Event& event) {
  stream.key = std::max(stream.key, stream.words[stream.position + 1]);
  stream.position += kMoveEndWords;
  stream.pending = event;
  stream.has_pending = true;
  ++pending_moves_;
  return Step::Turn;
}

void CaptureReader::extend_block(Stream& stream) {
  const IndexedBlock* const block = contents_.index().find_events(stream.writer, stream.number);
  // In a ring, a later block may be in its position by now.
  if (block == nullptr || block->head.number != stream.number) return;
  Vector<Word> words;
  switch (contents_.read(*block, words)) {
    case BlockRead::Whole:
      stream.is_complete = !block->is_window();
      if (words.size() >= stream.position) stream.words = std::move(words);
      break;
    case BlockRead::Changed:
      stream.is_overtaken = true;
      break;
    case BlockRead::Damaged:
      ++damaged_;
      stream.is_complete = true;
      break;
  }
}

bool CaptureReader::load_block(Stream& stream) {
  const CaptureIndex& index = contents_.index();
  while (const IndexedBlock* const block = index.find_events(stream.writer, stream.number + 1)) {
    switch (contents_.read(*block, stream.words)) {
      case BlockRead::Whole:
        begin_block(stream, *block);
        return true;
      case BlockRead::Damaged:
        ++damaged_;
        break;
      case BlockRead::Changed:
        stream.words.clear();
        stream.position = 0;
        if (head().mode != RecordMode::Ring) return false;  // until the next poll()
        stream.is_overtaken = true;
        break;
    }
    ++blocks_read_;
    stream.number = block->head.number;
    stream.is_complete = true;
    stream.words.clear();
    stream.position = 0;
  }
  return false;
}

void CaptureReader::begin_block(Stream& stream, const IndexedBlock& block) {
  const bool is_oldest = contents_.index().find_events(stream.writer, 0) == &block;
  // Events before the oldest block of the ring that were not read are gone.
  if (stream.is_overtaken || (is_oldest && stream.number != 0)) {
    const std::uint64_t before = std::max(block.head.events_before, stream.events);
    overwritten_ += before - stream.events;
    stream.events = before;
  }
  ++blocks_read_;
  stream.number = block.head.number;
  stream.is_complete = !block.is_window();
  stream.is_overtaken = false;
  stream.sizes.clear();
  stream.is_sampled = false;
  // If the head is damaged, the kind follows from the records of the block.
  stream.has_used = has_stacks();
  stream.used.assign(1, UsedSite());
  stream.position = 0;
  stream.key = block.head.stamp;
  stream.thread = block.head.thread;
  stream.opened_ns = stream.clock_ns = block.head.opened_ns;
}

std::span<const Word> CaptureReader::take_record(Stream& stream) {
  const std::span<const Word> rest = std::span<const Word>(stream.words).subspan(stream.position);
  if (rest[0] == 0) {
    // The records end here.
    stream.position = stream.words.size();
    return rest.first(1);
  }
  const std::size_t words = record_words(rest[0]);
  if (words == 0 || words > rest.size()) return {};
  stream.position += words;
  return rest.first(words);
}

CaptureReader::Stream* CaptureReader::find_overtaken(const Event& event) {
  if (pending_moves_ == 0 || event.result == 0) return nullptr;
  for (Stream& stream : streams_) {
    if (stream.has_pending && stream.pending.arguments[0] == event.result) return &stream;
  }
  return nullptr;
}

bool CaptureReader::comes_later(std::uint32_t a, std::uint32_t b) const {
  const auto order = [this](std::uint32_t stream) {
    return std::make_pair(streams_[stream].key, streams_[stream].writer);
  };
  return order(a) > order(b);
}

void CaptureReader::push(std::uint32_t stream) {
  if (streams_[stream].key >= limit_) return;
  heap_.push_back(stream);
  std::push_heap(heap_.begin(), heap_.end(),
                 [this](std::uint32_t a, std::uint32_t b) { return comes_later(a, b); });
}

std::uint32_t CaptureReader::pop() {
  std::pop_heap(heap_.begin(), heap_.end(),
                [this](std::uint32_t a, std::uint32_t b) { return comes_later(a, b); });
  const std::uint32_t stream = heap_.back();
  heap_.pop_back();
  return stream;
}

}  // namespace pymemflow::report
