using System.CommandLine;
using System.Globalization;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian cloud quota</c>.</summary>
internal sealed class CloudQuotaCommand : CliCommand
{
    private readonly Option<string?> cloud = CloudOptions.Create();
    private readonly Argument<string?> project = new("PROJECT")
    {
        Description = "A project, by name or identifier. Without it, all projects.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<long?> limit = new("--limit")
    {
        Description = "Set the project's own limit, in MiB; -1 for no limit.",
        HelpName = "MIB",
    };
    private readonly Option<long?> common = new("--default")
    {
        Description = "Set the limit of all projects without one of their own, in MiB; -1 for no limit.",
        HelpName = "MIB",
    };

    public CloudQuotaCommand() : base(
        "quota", "Show or set how much enclave memory each project may claim. Nova enforces it with its unified limits.") =>
        AddSymbols(cloud, project, limit, common);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var (own, all) = (arguments.GetValue(limit), arguments.GetValue(common));
        var name = arguments.GetValue(project);
        if (own < -1 || all < -1 || (own is not null && name is null))
        {
            throw CliReasons.BadQuota.Refuse(own is not null && name is null ? "--limit needs a project" : "a limit is at least -1");
        }
        using var session = CloudOptions.Connect(arguments.GetValue(cloud));
        var quota = new EpcQuota(session);
        var projects = (await new NovaClient(session).ListProjectsAsync(cancellation).ConfigureAwait(false))
            .Where(known => name is null || known.Name == name || known.Id == name).OrderBy(known => known.Name, StringComparer.Ordinal)
            .ToList();
        if (name is not null && projects.Count != 1)
        {
            throw projects.Count == 0
                ? CliReasons.NoProject.Refuse($"there is no project '{name}'")
                : CliReasons.AmbiguousProject.Refuse($"{projects.Count} projects are called '{name}'");
        }
        if (all is { } mebibytes)
        {
            await quota.SetDefaultAsync(mebibytes, cancellation).ConfigureAwait(false);
        }
        if (own is { } ownMebibytes)
        {
            await quota.SetAsync(projects[0].Id, ownMebibytes, cancellation).ConfigureAwait(false);
        }
        var names = projects.ToDictionary(known => known.Id, known => known.Name);
        var quotas = await quota.ReadAsync([.. projects.Select(known => known.Id)], cancellation).ConfigureAwait(false);
        var result = new CloudQuotaResult(
            await quota.ReadDefaultAsync(cancellation).ConfigureAwait(false),
            [.. quotas.Select(found => new QuotaResult(found.Project, names[found.Project], found.Limit, found.IsOwn, found.Claimed))]);
        terminal.Show(result, CloudJson.Default.CloudQuotaResult, people => Show(people, result));
        if (all is not null || own is not null)
        {
            terminal.Note("Nova enforces this with [quota] driver = nova.quota.UnifiedLimitsDriver, and then needs a registered limit for "
                + "every resource (docs/how-to/operate.md)");
        }
        return ExitCode.Done;
    }

    private static void Show(TextOutput people, CloudQuotaResult result)
    {
        people.WriteLine(result.DefaultMebibytes is { } common ? $"default limit: {Text(common)}" : "there is no default limit");
        var table = new TextTable(TableFrame.Ascii).AddTextColumns("Project").AddNumberColumns("Claimed MiB").AddTextColumns("Limit MiB");
        foreach (var quota in result.Projects)
        {
            table.AddRow(
                quota.Name, Format.Number(quota.ClaimedMebibytes),
                quota.LimitMebibytes is { } found ? Text(found) + (quota.Own ? "" : " (default)") : "none");
        }
        people.WriteTable(table);
    }

    private static string Text(long mebibytes) => mebibytes < 0 ? "unlimited" : mebibytes.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The result of <c>cloud quota</c>.</summary>
/// <param name="DefaultMebibytes">The limit of projects without one of their own; -1 for unlimited, null when there is none.</param>
internal sealed record CloudQuotaResult(long? DefaultMebibytes, IReadOnlyList<QuotaResult> Projects);

/// <summary>A project's quota.</summary>
/// <param name="Project">The project's identifier.</param>
/// <param name="LimitMebibytes">-1 for unlimited; null when there is no limit, and Nova then refuses all EPC.</param>
/// <param name="Own">Whether the limit is the project's own.</param>
internal sealed record QuotaResult(string Project, string Name, long? LimitMebibytes, bool Own, long ClaimedMebibytes);
