#include "report/reader/capture_reader.h"

#include <algorithm>
#include <utility>

namespace pymemflow::report {

namespace {

// False: the definition is another.
bool read_probe(Word head, Event& event) {
  const DefinitionKind kind = definition_kind(head);
  if (kind != DefinitionKind::Entered && kind != DefinitionKind::Left) return false;
  event.kind = kind == DefinitionKind::Entered ? EventKind::Entered : EventKind::Left;
  event.site = event.stack = definition_number(head);
  event.result = 0;
  return true;
}

}  // namespace

CaptureError CaptureReader::open() {
  if (const CaptureError error = read_index(file_, index_); error != CaptureError::None) {
    return error;
  }
  // Each number costs a definition of two words at least.
  const auto definitions = index_.of_kind(BlockKind::Definitions);
  names_.set_limit(definitions.size() * (kDefinitionBlockWords / 2) + 1);
  damaged_ += definitions_.read(file_, index_);
  // Where a block of names is damaged, what refers to them is too, and that is no news.
  if (damaged_ + index_.damaged == 0) damaged_ = names_.damaged() + definitions_.waiting();
  take_sums();
  const std::span<const IndexedBlock> blocks = index_.of_kind(BlockKind::Events);
  for (std::size_t first = 0; first < blocks.size();) {
    std::size_t last = first;
    while (last < blocks.size() && blocks[last].head.writer == blocks[first].head.writer) ++last;
    Stream stream;
    stream.writer = blocks[first].head.writer;
    stream.blocks = blocks.subspan(first, last - first);
    overwritten_ += stream.blocks.front().head.events_before;
    streams_.push_back(std::move(stream));
    first = last;
  }
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    if (!load_block(stream)) continue;
    push(i);
  }
  return CaptureError::None;
}

void CaptureReader::take_sums() {
  damaged_ += read_sums(file_, index_, sums_);
  std::erase_if(sums_, [this](const EventSum& sum) {
    const bool is_nameless = sum.site != 0 && names_.find(sum.site) == nullptr;
    (is_nameless ? left_out_ : recorded_) += sum.count;
    return is_nameless;
  });
}

CaptureError CaptureReader::follow(std::uint64_t stamp) {
  limit_ = stamp;
  windows_.take(file_);
  CaptureIndex index;
  if (const CaptureError error = read_index(file_, index); error != CaptureError::None) {
    return error;
  }
  windows_.leave_others_out(index);
  index_ = std::move(index);
  const auto definitions = index_.of_kind(BlockKind::Definitions);
  names_.set_limit(definitions.size() * (kDefinitionBlockWords / 2) + 1);
  definitions_.read(file_, index_);
  update_streams();
  return CaptureError::None;
}

void CaptureReader::update_streams() {
  heap_.clear();
  current_ = kNone;
  pending_moves_ = 0;
  const std::span<const IndexedBlock> blocks = index_.of_kind(BlockKind::Events);
  for (std::size_t first = 0; first < blocks.size();) {
    Stream& stream = stream_of(blocks[first].head.writer);
    std::size_t last = first;
    while (last < blocks.size() && blocks[last].head.writer == stream.writer) {
      if (blocks[last].head.number < stream.number) first = last + 1;
      ++last;
    }
    stream.blocks = blocks.subspan(first, last - first);
    stream.next_block = 0;
    const std::size_t position =
        std::exchange(stream.has_pending, false) ? stream.pending_position : stream.position;
    if (resume(stream, stream.number, position)) {
      push(static_cast<std::uint32_t>(&stream - streams_.data()));
    }
    first = last;
  }
}

CaptureReader::Stream& CaptureReader::stream_of(std::uint32_t writer) {
  const auto found = std::find_if(streams_.begin(), streams_.end(),
                                  [=](const Stream& each) { return each.writer == writer; });
  if (found != streams_.end()) return *found;
  streams_.emplace_back().writer = writer;
  return streams_.back();
}

bool CaptureReader::resume(Stream& stream, std::uint64_t number, std::size_t position) {
  if (!load_block(stream)) return false;
  Event event;
  while (stream.number == number && stream.position < position) {
    const std::span<const Word> record = take_record(stream);
    if (record.empty()) break;
    const RecordKind kind = kind_of(record[0]);
    if (is_event(kind)) read_event(record.data(), stream.sizes, event);
    if (kind == RecordKind::Turn) stream.key = stamp_of(record[0]);
    if (kind != RecordKind::Definition) continue;
    const DefinitionKind what = definition_kind(record[0]);
    if (what == DefinitionKind::Thread) stream.thread = definition_number(record[0]);
    if (what == DefinitionKind::MoveEnd) stream.key = record[1];
  }
  return true;
}

ProcessInfo CaptureReader::process_info() const {
  const FileHead& head = index_.head;
  return {.id = head.process,
          .is_forked_child = head.is_forked_child != 0,
          .end = head.end,
          .mode = head.mode,
          .started_ns = head.started_ns,
          .started_monotonic_ns = head.started_monotonic_ns,
          .command_line = metadata_.command_line,
          .python_version = metadata_.python_version};
}

double CaptureReader::progress() const {
  const std::size_t blocks = index_.of_kind(BlockKind::Events).size();
  return blocks == 0 ? 1 : static_cast<double>(blocks_read_) / static_cast<double>(blocks);
}

bool CaptureReader::next(Event& event, const Site*& site) {
  while (take_event(event)) {
    if (event.kind == EventKind::Mark) [[unlikely]] {
      site = nullptr;
      return true;
    }
    site = names_.find(event.site);
    if (site != nullptr) [[likely]] {
      if (event.kind == EventKind::Call) ++recorded_;
      return true;
    }
    ++left_out_;
  }
  return false;
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
    // What that Move hands out may be the old block of yet another one. (As long as a chain can be:
    // damaged records may go in circles.)
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
  for (;;) {
    if (stream.position >= stream.words.size() && !load_block(stream)) return Step::End;
    if (stream.words.empty()) continue;
    const std::span<const Word> record = take_record(stream);
    if (record.empty()) {
      ++damaged_;
      stream.position = stream.words.size();
      continue;
    }
    event.thread = stream.thread;
    event.kind = EventKind::Call;
    event.after_ns = stream.opened_ns;
    const RecordKind kind = kind_of(record[0]);
    if (is_event(kind)) {
      if (!read_event(record.data(), stream.sizes, event)) {
        ++damaged_;
        continue;
      }
      event.stack = event.site;
      if (kind == RecordKind::Call && is_followed_by_end(stream)) return hold_back(stream, event);
      return Step::Event;
    }
    switch (kind) {
      case RecordKind::Turn:
        stream.key = stamp_of(record[0]);
        return Step::Turn;
      case RecordKind::Definition:
        if (read_probe(record[0], event) || read_mark(record, event)) return Step::Event;
        if (definition_kind(record[0]) == DefinitionKind::Thread) {
          stream.thread = definition_number(record[0]);
        } else {
          ++damaged_;  // its place is not here, or it is the end of no Move
        }
        break;
      default:
        break;
    }
  }
}

bool CaptureReader::is_followed_by_end(const Stream& stream) {
  const std::span<const Word> rest = std::span<const Word>(stream.words).subspan(stream.position);
  return rest.size() >= kMoveEndWords &&
         rest[0] == definition_head(DefinitionKind::MoveEnd, kMoveEndWords, 0);
}

CaptureReader::Step CaptureReader::hold_back(Stream& stream, const Event& event) {
  stream.pending_position = stream.position - call_words(traits(event.function));
  stream.key = stream.words[stream.position + 1];
  stream.position += kMoveEndWords;
  stream.pending = event;
  stream.has_pending = true;
  ++pending_moves_;
  return Step::Turn;
}

bool CaptureReader::load_block(Stream& stream) {
  while (stream.next_block < stream.blocks.size()) {
    const IndexedBlock& place = stream.blocks[stream.next_block++];
    ++blocks_read_;
    stream.number = place.head.number;
    stream.position = 0;
    stream.sizes.clear();
    if (const Vector<Word>* const copy = windows_.find(place)) {
      stream.words = *copy;
    } else if (!read_block(file_, place, stream.words)) {
      ++damaged_;
      continue;
    }
    stream.key = place.head.stamp;
    stream.thread = place.head.thread;
    stream.opened_ns = place.head.opened_ns;
    return true;
  }
  stream.words.clear();
  return false;
}

std::span<const Word> CaptureReader::take_record(Stream& stream) {
  const std::span<const Word> rest = std::span<const Word>(stream.words).subspan(stream.position);
  if (rest[0] == 0) {
    // What was written ends here.
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

bool CaptureReader::read_mark(std::span<const Word> record, Event& event) {
  if (definition_kind(record[0]) != DefinitionKind::NamedMark) return false;
  const std::size_t bytes = definition_number(record[0]);
  if (bytes > kMaxMarkName || record.size() != mark_words(bytes)) {
    return false;
  }
  const std::string_view name = {reinterpret_cast<const char*>(record.data() + 2), bytes};
  event.kind = EventKind::Mark;
  event.site = event.stack = kNoSite;
  event.result = 0;
  event.after_ns = record[1];
  event.name = mark_names_.try_emplace(String(name), true).first->first;
  return true;
}

void CaptureReader::push(std::uint32_t stream) {
  if (streams_[stream].key >= limit_) return;
  heap_.push_back(stream);
  std::push_heap(heap_.begin(), heap_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return streams_[a].key > streams_[b].key;
  });
}

std::uint32_t CaptureReader::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return streams_[a].key > streams_[b].key;
  });
  const std::uint32_t stream = heap_.back();
  heap_.pop_back();
  return stream;
}

}  // namespace pymemflow::report
