using System.CommandLine;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Run;
using Guardian.Runtime.Stdio;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian logs</c> and <c>guardian attach</c>: the encrypted standard streams of a program, for whom its session names as reader.</summary>
internal static class StdioCommands
{
    private static readonly Option<Uri> Cas = new("--cas") { Description = "The CAS, https://host:port.", Required = true, CustomParser = Addresses.Parse, HelpName = "ADDRESS" };
    private static readonly Option<string> Key = new("--key") { Description = "Your key; the session must name it as a reader of the streams.", Required = true, HelpName = "FILE" };

    public static Command CreateLogs()
    {
        var service = Service();
        var file = new Argument<string?>("FILE") { Description = "The log; standard input unless given.", Arity = ArgumentArity.ZeroOrOne };
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var command = new Command("logs", "Decrypt a program's log, and say what is missing, exchanged or made up.") { service, file, Cas, Key };
        policy.AddTo(command);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            using var log = await OpenAsync(arguments, policy, arguments.GetRequiredValue(service), cancellation).ConfigureAwait(false);
            using var lines = arguments.GetValue(file) is { } path ? new StreamReader(path, Encoding.ASCII) : new StreamReader(Console.OpenStandardInput(), Encoding.ASCII);
            var printer = new StdioPrinter(terminal.Json);
            while (await lines.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
            {
                printer.Print(log.Read(line), line);
            }
            printer.Finish(log);
            return printer.Problems == 0 ? ExitCode.Done : ExitCode.Refused;
        });
        return command;
    }

    public static Command CreateAttach()
    {
        var service = Service();
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var words = new Argument<string[]>("COMMAND") { Description = "After --: the command whose streams are the program's, such as: guardian run …, or docker attach …", Arity = ArgumentArity.OneOrMore };
        var command = new Command("attach", "Talk to a program whose streams are encrypted.") { service, Cas, Key, words };
        policy.AddTo(command);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            var key = await ReadKeyAsync(arguments, policy, arguments.GetRequiredValue(service), cancellation).ConfigureAwait(false);
            return await new AttachedProcess(key, terminal.Json).RunAsync(arguments.GetRequiredValue(words), cancellation).ConfigureAwait(false);
        });
        return command;
    }

    private static Argument<string> Service() => new("SESSION/SERVICE") { Description = "Whose streams they are." };

    private static async Task<StdioLog> OpenAsync(ParseResult arguments, PolicyOptions policy, string service, CancellationToken cancellation) =>
        new(await ReadKeyAsync(arguments, policy, service, cancellation).ConfigureAwait(false));

    private static async Task<byte[]> ReadKeyAsync(ParseResult arguments, PolicyOptions policy, string service, CancellationToken cancellation)
    {
        var slash = service.LastIndexOf('/');
        if (slash <= 0 || slash == service.Length - 1)
        {
            throw new CliException(ExitCode.Usage, "bad-service", $"'{service}' is no SESSION/SERVICE");
        }
        using var key = IdentityKey.Load(arguments.GetRequiredValue(Key));
        using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = new CasClient(arguments.GetRequiredValue(Cas), policy.Read(arguments), certificate, TimeProvider.System, CliVerifier.Default);
        return await client.ReadStdioKeyAsync(service[..slash], service[(slash + 1)..], cancellation).ConfigureAwait(false);
    }
}
