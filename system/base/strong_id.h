#pragma once

// Integers that mean different things and so must not be mixed up.

#include <compare>
#include <cstdint>
#include <string>
#include <type_traits>

namespace millrace {

/// An unsigned integer of its own type. `struct SegmentIndexTag; using SegmentIndex =
/// StrongId<SegmentIndexTag, std::uint32_t>;`
template <typename Tag, typename Representation = std::uint64_t>
class StrongId {
  static_assert(std::is_unsigned_v<Representation>);

 public:
  using representation = Representation;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Representation value) : value_(value) {}

  constexpr Representation value() const { return value_; }

  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;

 private:
  Representation value_ = 0;
};

template <typename Tag, typename Representation>
std::string to_text(const StrongId<Tag, Representation>& id) {
  return std::to_string(id.value());
}

}  // namespace millrace
