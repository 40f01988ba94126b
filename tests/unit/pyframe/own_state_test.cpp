// Tests how the interpreter's thread key is found, watched and read without a call, with keys
// of our own instead of the interpreter's.

#include "pyframe/own_state.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <thread>

#include "platform/threads.h"

namespace pymemflow::pyframe {
namespace {

constexpr int kState = 0;
constexpr int kOtherState = 0;
const void* const kNotFinalizing = nullptr;

class Key {
 public:
  Key() { pthread_key_create(&key_, nullptr); }
  ~Key() {
    if (exists_) pthread_key_delete(key_);
  }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  void set(const void* value) const { pthread_setspecific(key_, value); }
  const void* get() const { return pthread_getspecific(key_); }
  std::size_t number() const { return key_; }
  // Deletes the key in the steps of the hook of pthread_key_delete().
  void remove(OwnState& own) {
    forget_key(own, key_);
    pthread_key_delete(key_);
    forget_key(own, key_);
    exists_ = false;
  }

 private:
  pthread_key_t key_ = 0;
  bool exists_ = true;
};

class OwnStateTest : public testing::Test {
 protected:
  OwnStateTest() {
    own.finalizing = &kNotFinalizing;
    own.values = platform::find_near_key_values();
  }
  void SetUp() override {
#ifdef __GLIBC__
    ASSERT_NE(own.values, 0U);
#else
    if (own.values == 0) GTEST_SKIP() << "the values of keys are not found here";
#endif
  }

  void learn(const void* state) {
    learn_key(own, read_key_word(own), platform::thread_self(), state, nullptr);
  }
  bool is_known() {
    const void* state = nullptr;
    return find_key_value(own, platform::thread_self(), state);
  }
  const void* found() {
    const void* state = &kOtherState;
    EXPECT_TRUE(find_key_value(own, platform::thread_self(), state));
    return state;
  }

  OwnState own;
};

TEST_F(OwnStateTest, IsTheValueOfTheKeyOnEachThread) {
  const Key key;
  EXPECT_FALSE(is_known());
  key.set(&kState);
  learn(&kState);
  EXPECT_EQ(found(), &kState);
  key.set(nullptr);
  EXPECT_EQ(found(), nullptr);
  key.set(&kOtherState);
  EXPECT_EQ(found(), &kOtherState);
  std::thread([&] {
    EXPECT_EQ(found(), nullptr);  // never set here
    key.set(&kState);
    EXPECT_EQ(found(), &kState);
  }).join();
  EXPECT_EQ(found(), &kOtherState);
}

TEST_F(OwnStateTest, IsUnknownOnceTheKeyIsDeleted) {
  Key key;
  key.set(&kState);
  learn(&kState);
  key.remove(own);
  EXPECT_FALSE(is_known());
  // The next key has the same number, and the value of the old one behind it.
  const Key next;
  ASSERT_EQ(next.number(), key.number());
  ASSERT_EQ(next.get(), nullptr);
  EXPECT_FALSE(is_known());
  next.set(&kOtherState);
  learn(&kOtherState);
  EXPECT_EQ(found(), &kOtherState);
}

TEST_F(OwnStateTest, IsNotTheValueOfADeletedKeyOnOtherThreads) {
  Key key;
  std::thread([&] {
    key.set(&kState);
    // The thread keeps the old value; the new key is learned elsewhere.
    key.remove(own);
    const Key next;
    ASSERT_EQ(next.number(), key.number());
    std::thread([&] {
      next.set(&kOtherState);
      learn(&kOtherState);
      EXPECT_EQ(found(), &kOtherState);
    }).join();
    EXPECT_FALSE(is_known());
  }).join();
}

TEST_F(OwnStateTest, StaysKnownWhenAnotherKeyIsDeleted) {
  const Key key;
  Key other;
  key.set(&kState);
  learn(&kState);
  other.remove(own);
  EXPECT_EQ(found(), &kState);
}

TEST_F(OwnStateTest, IsNotLearnedFromAnAnswerOfBeforeADeletion) {
  Key key;
  key.set(&kState);
  const std::uint64_t before = read_key_word(own);
  forget_key(own, key.number());
  learn_key(own, before, platform::thread_self(), &kState, nullptr);
  EXPECT_FALSE(is_known());
}

TEST_F(OwnStateTest, IsUnknownIfTwoKeysHaveTheState) {
  const Key key;
  Key copy;
  key.set(&kState);
  copy.set(&kState);
  learn(&kState);
  EXPECT_FALSE(is_known());
  copy.set(nullptr);
  learn(&kState);
  EXPECT_EQ(found(), &kState);
}

TEST_F(OwnStateTest, IsNotLearnedFromADeletedKey) {
  Key deleted;
  const Key key;
  deleted.set(&kState);
  key.set(&kState);
  deleted.remove(own);
  learn(&kState);
  key.set(&kOtherState);
  EXPECT_EQ(found(), &kOtherState);
}

TEST_F(OwnStateTest, IsUnknownForGoodIfTheGetterSaysSomethingElse) {
  const Key key;
  key.set(&kState);
  learn(&kState);
  learn(&kOtherState);
  EXPECT_FALSE(is_known());
  learn(&kState);
  EXPECT_FALSE(is_known());
}

TEST_F(OwnStateTest, IsUnknownForKeysBeyondTheNearOnes) {
  std::array<Key, platform::kNearKeys> keys;
  keys.back().set(&kState);
  ASSERT_GE(keys.back().number(), platform::kNearKeys);
  learn(&kState);
  EXPECT_FALSE(is_known());
}

TEST_F(OwnStateTest, IsReadableUntilTheInterpreterFinalizes) {
  const void* finalizing = nullptr;
  own.finalizing = &finalizing;
  EXPECT_TRUE(is_readable(own));
  finalizing = &kState;
  EXPECT_FALSE(is_readable(own));
  finalizing = nullptr;
  EXPECT_TRUE(is_readable(own));
  end_direct_reads(own);
  EXPECT_FALSE(is_readable(own));
}

TEST_F(OwnStateTest, IsReadableWhileThereIsOneInterpreter) {
  const Key key;
  key.set(&kState);
  const void* newest = &kState;
  own.newest_interpreter = &newest;
  EXPECT_FALSE(is_readable(own));
  learn_key(own, read_key_word(own), platform::thread_self(), &kState, &kState);
  EXPECT_TRUE(is_readable(own));
  newest = &kOtherState;
  EXPECT_FALSE(is_readable(own));
}

}  // namespace
}  // namespace pymemflow::pyframe
