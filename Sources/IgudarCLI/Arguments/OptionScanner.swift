// getopt_long over a table of options. glibc keeps the state of a scan in globals, so there is one
// scan at a time, on the main thread, before anything else runs.

import CLinux
import Glibc
import Platform

/// Reads arguments by a table.
struct OptionScanner {
  let options: [Option]
  /// The command that help should be asked about.
  let command: String?
  /// Stop at the first operand, which names the command.
  let stopsAtOperand: Bool

  init(_ options: [Option], of command: String? = nil, stopsAtOperand: Bool = false) {
    self.options = options
    self.command = command
    self.stopsAtOperand = stopsAtOperand
  }

  /// Options and operands of `arguments`, which hold no program name.
  func scan(_ arguments: [[UInt8]]) throws(Failure) -> OptionValues {
    let vector = ArgumentVector([Array("igudar".utf8)] + arguments)
    guard begin() == 0 else { throw Failure("out of memory") }
    defer {
      clinux_options_end()
      withExtendedLifetime(vector) {}
    }
    var values = OptionValues()
    while true {
      let found = unsafe clinux_options_next(Int32(vector.count), vector.pointers)
      switch unsafe clinux_found_kind(rawValue: UInt32(found.kind)) {
      case CLINUX_FOUND_OPTION:
        unsafe values.add(options[Int(found.index)], bytes(at: found.text))
      case CLINUX_FOUND_END:
        values.operands = unsafe vector.arguments(from: Int(found.rest))
        return values
      default:
        throw unsafe failure(found)
      }
    }
  }

  private func begin() -> Int32 {
    let table = unsafe options.map { option in
      unsafe clinux_option(
        name: UnsafeRawPointer(option.name.utf8Start).assumingMemoryBound(to: CChar.self),
        letter: CChar(bitPattern: option.letter?.asciiValue ?? 0), takes: takes(option))
    }
    return unsafe clinux_options_begin(table, Int32(table.count), stopsAtOperand ? 1 : 0)
  }

  private func takes(_ option: Option) -> Int32 {
    switch option.argument {
    case .none: Int32(CLINUX_TAKES_NOTHING.rawValue)
    case .required: Int32(CLINUX_TAKES_ARGUMENT.rawValue)
    case .optional: Int32(CLINUX_MAY_TAKE_ARGUMENT.rawValue)
    }
  }

  private func failure(_ found: clinux_found) -> Failure {
    switch unsafe clinux_found_kind(rawValue: UInt32(found.kind)) {
    case CLINUX_FOUND_WANTING:
      unsafe wanting(options[Int(found.index)])
    case CLINUX_FOUND_OVERFULL:
      unsafe usage("\(options[Int(found.index)].flag) takes no argument")
    default:
      if unsafe found.letter != 0 {
        unsafe usage("unknown option -\(printable([UInt8(bitPattern: found.letter)]))")
      } else {
        unsafe unknown(bytes(at: found.text) ?? [])
      }
    }
  }

  private func wanting(_ option: Option) -> Failure {
    guard case .required(let name) = option.argument else { return usage("\(option.flag)") }
    return usage("\(option.flag) needs an argument: \(option.flag) \(name)")
  }

  private func unknown(_ written: [UInt8]) -> Failure {
    let name = printable(written.prefix { $0 != UInt8(ascii: "=") })
    let matches = options.map(\.flag).filter { $0.hasPrefix(name) }
    if matches.count > 1 {
      return usage("\(name) could be \(matches.joined(separator: " or "))")
    }
    if stopsAtOperand {
      return usage("unknown option \(name) before the command's name")
    }
    let near = suggestions(for: name, among: options.filter { !$0.isHidden }.map(\.flag))
    return usage("unknown option \(name)\(near)")
  }

  private func usage(_ message: String) -> Failure {
    Failure.usage(message, of: command)
  }
}
