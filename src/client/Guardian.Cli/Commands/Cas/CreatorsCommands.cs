using System.CommandLine;
using System.Globalization;
using System.Text;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas creators show</c>.</summary>
internal sealed class CreatorsShowCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument("Your key, as an owner.");

    public CreatorsShowCommand() : base("show", "Show who creates sessions at the top level of a CAS, and how much one key keeps.") =>
        AddSymbols(cas.All);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var read = await client.ReadCreationRulesAsync(cancellation).ConfigureAwait(false);
        var result = CreatorsResult.Of(read.Text is null ? null : CreationRules.Read(Encoding.UTF8.GetBytes(read.Text)).Value);
        terminal.Show(result, CasResultsJson.Default.CreatorsResult, people => people.WriteFacts(result.Facts));
        return ExitCode.Done;
    });
}

/// <summary><c>guardian cas creators propose</c>.</summary>
internal sealed class CreatorsProposeCommand : CliCommand
{
    private readonly CasOptions cas = CasOptions.WithArgument("Your key, as an owner.");
    private readonly Option<string[]> allowed = new("--allow")
    {
        Description = "A key that creates sessions at the top level, as 'guardian key show' prints it, or ANY, or NONE; repeatable.",
        Required = true,
        HelpName = "PUBLIC-KEY",
    };
    private readonly Option<int?>[] quota =
    [
        CreateQuota("--sessions", "How many sessions one key has at a time."),
        CreateQuota("--names", "How many names one key uses, also for deleted sessions."),
        CreateQuota("--mebibytes", "How many MiB the sessions of one key take."),
        CreateQuota("--keys", "How many keys the sessions of one key have."),
    ];
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write, for the owners to sign.",
        Required = true,
        HelpName = "FILE",
    };

    public CreatorsProposeCommand() : base("propose", "Verify a CAS and write down rules for those who create sessions there.") =>
        AddSymbols([.. cas.All, allowed, .. quota, output]);

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation) =>
        cas.UseAsync(arguments, async client =>
    {
        var path = arguments.GetRequiredValue(output);
        OutputFile.RequireNew(path);
        var identity = await client.ReadIdentityAsync(cancellation).ConfigureAwait(false);
        var present = await client.ReadCreationRulesAsync(cancellation).ConfigureAwait(false);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"cas:\n  identity: {identity.Identity}\n  owners: {identity.Owners.Hash}\n");
        text.Append(present.Hash is null ? "" : $"predecessor: {present.Hash}\n");
        text.Append("create:\n").AppendJoin("", arguments.GetRequiredValue(allowed).Select(key => $"  - {key}\n"));
        var limits = quota.Select(option => (option.Name, Value: arguments.GetValue(option))).Where(each => each.Value is not null)
            .Select(each => string.Create(CultureInfo.InvariantCulture, $"  {each.Name[2..]}: {each.Value}\n")).ToList();
        text.Append(limits.Count > 0 ? "quota:\n" : "").AppendJoin("", limits);
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        var (rules, refusal) = CreationRules.Read(bytes);
        if (rules is null)
        {
            throw CliReasons.BadChange.Refuse($"these are no rules: {string.Join("; ", refusal!.Problems)}");
        }
        OutputFile.Write(path, bytes);
        var result = new CreatorsProposeResult(path, CreatorsResult.Of(rules), OwnersResult.Of(identity.Owners));
        terminal.Show(result, CasResultsJson.Default.CreatorsProposeResult, people => people.WriteLine(
            $"wrote {path}: {result.Owners.Threshold} of the owners must agree, who are {string.Join(", ", result.Owners.Keys)}"));
        return ExitCode.Done;
    });

    private static Option<int?> CreateQuota(string name, string description) => new(name) { Description = description, HelpName = "COUNT" };
}

/// <summary>The result of <c>cas creators propose</c>.</summary>
/// <param name="File">The file that was written.</param>
internal sealed record CreatorsProposeResult(string File, CreatorsResult Rules, OwnersResult Owners);

/// <summary><c>guardian cas creators sign</c>.</summary>
internal sealed class CreatorsSignCommand : LocalCommand
{
    private readonly Argument<string> file = CreatorsFile.CreateArgument();
    private readonly SigningOptions signing = new("Your key, as an owner.");

    public CreatorsSignCommand() : base("sign", "Sign rules for creators, after you have read them: consent to exactly these rules.") =>
        AddSymbols([file, .. signing.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (rules, _) = CreatorsFile.Load(arguments.GetRequiredValue(file));
        var (signature, isInFile) = signing.Sign(arguments, rules.Hash, SignatureSubject.Creation);
        var result = CreatorsResult.Of(rules);
        terminal.Show(
            new CreatorsSignResult(result, signature.Key, signature.Signature), CasResultsJson.Default.CreatorsSignResult,
            people =>
            {
                if (!isInFile)
                {
                    people.WriteLine($"{signature}");
                    return;
                }
                people.WriteFacts(result.Facts);
            });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>cas creators sign</c>.</summary>
/// <param name="Key">The signer's public key.</param>
/// <param name="Signature">The signature, base64.</param>
internal sealed record CreatorsSignResult(CreatorsResult Rules, string Key, string Signature);

/// <summary><c>guardian cas creators change</c>.</summary>
internal sealed class CreatorsChangeCommand() : OwnersDecisionCommand(
    "change", "Let a CAS change its rules for creators.", CreatorsFile.CreateArgument(), "guardian cas creators sign")
{
    protected override async Task SendAsync(
        CasClient client, string path, IReadOnlyList<SessionSignature> given, Terminal terminal, CancellationToken cancellation)
    {
        var (rules, bytes) = CreatorsFile.Load(path);
        await client.ChangeCreationRulesAsync(bytes, given, cancellation).ConfigureAwait(false);
        var result = CreatorsResult.Of(rules);
        terminal.Show(result, CasResultsJson.Default.CreatorsResult, people => people.WriteFacts(result.Facts));
    }
}
