// The life of the process between its arguments and its exit code.

import Platform

/// One run of the program.
enum Session {
  static func run(_ arguments: [[UInt8]]) -> ExitCode {
    // Until the options are read nobody knows whether to speak JSON, so errors about them look for
    // the word itself.
    let isJSON = arguments.prefix { $0 != Array("--".utf8) }.contains(Array("--json".utf8))
    do {
      return try run(try Request(arguments))
    } catch {
      return report(error, to: Output(json: isJSON))
    }
  }

  private static func run(_ request: Request) throws(Failure) -> ExitCode {
    switch request {
    case .help(let topic):
      let output = Output()
      try Help.print(about: topic, to: output)
      return finish(.done, output)
    case .version(let options):
      let output = Output(json: options.has(GlobalOptions.json))
      Version.print(to: output)
      return finish(.done, output)
    case .run(let command, let options):
      let output = try output(for: command, options)
      if options.has(GlobalOptions.nice) { Priority.lower() }
      return run(command, Invocation(command: command, options: options, output: output))
    }
  }

  private static func run(_ command: Command, _ invocation: Invocation) -> ExitCode {
    let output = invocation.output
    do {
      return finish(try command.run(invocation), output)
    } catch {
      return finish(report(error, to: output), output)
    }
  }

  private static func output(
    for command: Command, _ options: OptionValues
  ) throws(Failure) -> Output {
    let isQuiet = options.has(GlobalOptions.quiet)
    guard !isQuiet || !options.has(GlobalOptions.verbose) else {
      throw Failure.usage("--quiet and --verbose exclude each other", of: command.name)
    }
    let level = try options.value(GlobalOptions.verbose, as: Int.self)
    let verbosity = 1 + min(2, level ?? options.count(GlobalOptions.verbose))
    return Output(json: options.has(GlobalOptions.json), verbosity: isQuiet ? 0 : verbosity)
  }

  /// Prints the error; an interruption that was asked for wins over the errors it caused.
  private static func report(_ error: any Error, to output: Output) -> ExitCode {
    let failure = Interrupt.requested == 0 ? Failure.explaining(error) : .interrupted
    output.failure(failure)
    return failure.code
  }

  private static func finish(_ code: ExitCode, _ output: Output) -> ExitCode {
    do {
      try output.finish()
      return code
    } catch {
      output.failure(error)
      return code == .done ? error.code : code
    }
  }
}
