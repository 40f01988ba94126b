#pragma once
// The interface of what hands out the events of a capture to those who process them: a DirectSource
// reads when it is asked, another one may read ahead. Report side.

#include "report/reader/capture_reader.h"
#include "report/reader/event_sink.h"

namespace pymemflow::report {

class EventSource {
 public:
  virtual ~EventSource() = default;

  // Prepares to read from `reader`, which was polled and is borrowed. Nobody else uses it until
  // end(), but for what a poll fixes: head(), metadata(), names() and sums().
  virtual void begin(CaptureReader& reader) = 0;
  // The next events in their order, valid until the next call. Null: there are none.
  virtual const EventBatch* next() = 0;
  // The part of the events that next() has returned, from 0 to 1.
  virtual double progress() const = 0;
  // Ends what begin() began, after the last event or before.
  virtual void end() = 0;
};

// Reads on the thread that calls next().
class DirectSource final : public EventSource {
 public:
  void begin(CaptureReader& reader) override { reader_ = &reader; }
  const EventBatch* next() override { return reader_->next(batch_) ? &batch_ : nullptr; }
  double progress() const override { return reader_->progress(); }
  void end() override { reader_ = nullptr; }

 private:
  CaptureReader* reader_ = nullptr;
  EventBatch batch_;
};

}  // namespace pymemflow::report
