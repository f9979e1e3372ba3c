using System.Globalization;
using System.Text;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Commands.Evidence;
using Guardian.Cli.Commands.Programs;
using Guardian.Cli.Commands.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Refusals;
using Guardian.Runtime.Stdio;
using Guardian.Sgx;

namespace Guardian.Cli.Desk;

/// <summary>The pages of tenants: sessions, their secrets, running services and encrypted logs.</summary>
internal sealed class ProgramPages(RoomDesk desk, CasDesk cas)
{
    private const long MaxLog = 256L * 1024 * 1024;
    private const int MaxShown = 4 * 1024 * 1024;

    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Get("/programs", ListAsync);
        routes.Post("/programs/connect", ConnectAsync);
        routes.Get("/programs/session", ShowAsync);
        routes.Post("/programs/secret", SetAsync);
        routes.Get("/programs/check", _ => Check("", ""));
        routes.Post("/programs/check", request => Check(request.Text("text"), request.Field("mrenclave")));
        routes.Post("/programs/create", CreateAsync);
        routes.Post("/programs/service", VerifyAsync);
        routes.Post("/programs/log", DecryptAsync, MaxLog);
    }

    private async Task<PageResult> ConnectAsync(PageRequest request)
    {
        var key = request.Field("key");
        if (request.Field("passphrase") is { Length: > 0 } passphrase)
        {
            desk.Keys.Unlock(key, passphrase);
        }
        var platform = request.Field("platform") == "simulated" ? PlatformKind.Simulated : PlatformKind.Hardware;
        await cas.ConnectAsync(request.Field("cas"), key, platform, request.Cancellation).ConfigureAwait(false);
        return PageResult.Redirect("/programs");
    }

    private async Task<PageResult> ListAsync(PageRequest request)
    {
        var folder = Path.GetDirectoryName(TrustedCas.PathOf("x"))!;
        var model = new ProgramsModel
        {
            Cas = cas.Now?.Word ?? "",
            Key = cas.Now?.Key ?? UserDefaults.Find(UserDefaults.Key) ?? "",
            Started = [.. desk.Started.List().Select(RunPages.Row)],
            Trusted = Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order()]
                : [],
        };
        if (cas.Now is null)
        {
            return PageResult.Page<ProgramsView, ProgramsModel>("Programs", model, "programs");
        }
        try
        {
            model = model with { Verified = await cas.UseAsync(client => DescribeAsync(client, request)).ConfigureAwait(false) };
            model = model with
            {
                Names = await cas.UseAsync(client => CasDesk.TryAsync(client.ListAsync("", request.Cancellation))).ConfigureAwait(false),
            };
        }
        catch (RefusedException failure)
        {
            // The form to choose another one stays.
            model = model with { Problem = failure.Refusal };
        }
        return PageResult.Page<ProgramsView, ProgramsModel>("Programs", model, "programs");
    }

    private static async Task<string> DescribeAsync(CasClient client, PageRequest request) =>
        $"This CAS runs the accepted code: identity "
        + $"{Format.Brief((await client.ReadIdentityAsync(request.Cancellation).ConfigureAwait(false)).Identity)}.";

    private async Task<PageResult> ShowAsync(PageRequest request)
    {
        var name = request.Query("name");
        var (read, below, secrets) = await cas.UseAsync(async client => (
            await client.ReadAsync(name, request.Cancellation).ConfigureAwait(false),
            await CasDesk.TryAsync(client.ListAsync(name, request.Cancellation)).ConfigureAwait(false) ?? [],
            await CasDesk.TryAsync(client.Secrets.ListAsync(name, request.Cancellation)).ConfigureAwait(false))).ConfigureAwait(false);
        var (session, _) = SessionDocument.Read(Encoding.UTF8.GetBytes(read.Text));
        return PageResult.Page<SessionView, SessionModel>(read.Name, new SessionModel(
            read.Name, read.Hash, read.Text, [.. session?.Policies.Select(policy => policy.Service) ?? []], below,
            [.. secrets?.Secrets.Select(Row) ?? []]), "programs");
    }

    private static SecretRow Row(SecretDescription secret) => new(
        secret.Name, secret.Kind,
        !secret.HasValue ? "no value yet"
            : secret is { By: { } by, At: { } at }
                ? string.Create(CultureInfo.InvariantCulture, $"version {secret.Version} since {at:yyyy-MM-dd HH:mm}, by {by[..8]}")
                : $"from the {(secret.Source == "session" ? "session's text" : "CAS")}",
        secret.MaySet, secret.HasValue);

    private async Task<PageResult> SetAsync(PageRequest request)
    {
        var (session, name) = (request.Field("session"), request.Field("name"));
        await cas.UseAsync(client => client.Secrets.SetAsync(
            session, name, request.Field("hash"), Encoding.UTF8.GetBytes(request.Field("value")),
            request.Cancellation)).ConfigureAwait(false);
        return PageResult.Redirect($"/programs/session?name={Uri.EscapeDataString(session)}");
    }

    // A text with mistakes goes back to its form.
    private async Task<PageResult> CreateAsync(PageRequest request)
    {
        var bytes = Encoding.UTF8.GetBytes(request.Text("text"));
        if (SessionDocument.Read(bytes).Refusal is not null)
        {
            return Check(request.Text("text"), request.Field("mrenclave"));
        }
        var created = await cas.UseAsync(client => client.CreateAsync(bytes, [], request.Cancellation)).ConfigureAwait(false);
        return PageResult.Redirect($"/programs/session?name={Uri.EscapeDataString(created.Name)}");
    }

    private PageResult Check(string text, string measurement)
    {
        var installed = InstalledProgram.Runtime.Measure().ToString();
        if (text.Trim().Length == 0)
        {
            return Show(new CheckModel(text, measurement, installed, "", [], []));
        }
        var (session, refusal) = SessionDocument.Read(Encoding.UTF8.GetBytes(text));
        if (session is null)
        {
            return Show(new CheckModel(
                text, measurement, installed, "It has mistakes:", [.. refusal!.Problems.Select(problem => $"line {problem}")], []));
        }
        IReadOnlyList<DryRunService> judged = measurement.Length == 0 ? [] : SessionDryRunCommand.JudgeByMeasurement(session, measurement);
        return Show(new CheckModel(
            text, measurement, installed, $"{session.Name} is a valid session, hash {session.Hash}.", [],
            [.. judged.Select(each => new JudgementRow(each.Service, each.Admitted, each.Reasons))]));

        PageResult Show(CheckModel model) =>
            PageResult.Page<CheckView, CheckModel>("Check a session", model with { Cas = cas.Now?.Word ?? "" }, "programs");
    }

    private async Task<PageResult> VerifyAsync(PageRequest request)
    {
        var (name, service, address) = (request.Field("session"), request.Field("service"), request.Field("address"));
        var place = address.Contains("://", StringComparison.Ordinal) ? address : $"https://{address}";
        var read = await cas.UseAsync(client => client.ReadAsync(name, request.Cancellation)).ConfigureAwait(false);
        var (session, _) = SessionDocument.Read(Encoding.UTF8.GetBytes(read.Text));
        var policy = session?.Policies.FirstOrDefault(each => each.Service == service)?.Policy
            ?? throw CliReasons.BadService.Refuse($"the session has no service '{service}'");
        var (envelope, unknown) = await EvidenceSource.ReadAsync(place, nonce: null, request.Cancellation).ConfigureAwait(false);
        if (envelope is null)
        {
            throw new RefusedException(unknown!);
        }
        var (verified, fault) = new EnvelopeVerifier(CliVerifier.Default).Verify(envelope, TimeProvider.System.GetUtcNow());
        if (verified is null)
        {
            throw new RefusedException(fault!);
        }
        var appraisal = policy.Appraise(verified.Quote);
        return PageResult.Page<ServiceView, ServiceModel>("Service", new ServiceModel(
            $"{name}/{service}", appraisal.IsAccepted,
            appraisal.IsAccepted
                ? $"The enclave at {place} is one that the session admits."
                : $"The enclave at {place} is genuine, but the session would not admit it.",
            [
                ("code (MRENCLAVE)", verified.Quote.Report.MrEnclave.ToString()), ("platform", Platforms.Explain(verified.Quote.Platform)),
                ("root of trust", $"{verified.Quote.RootName} ({(verified.Quote.IsRootIntel ? "Intel's" : "not Intel's")})"),
            ],
            [.. appraisal.Checks.Select(check => check.ToString())]), "programs");
    }

    private async Task<PageResult> DecryptAsync(PageRequest request)
    {
        var (name, service) = (request.Field("session"), request.Field("service"));
        var file = request.Files is [var first, ..] ? first : throw CliReasons.NoFile.Refuse("choose a log", "go back, and choose it");
        using var log = new StdioLog(
            await cas.UseAsync(client => client.ReadStdioKeyAsync(name, service, request.Cancellation)).ConfigureAwait(false));
        // The end of a long log is what a reader looks for.
        using var output = new TailStream(MaxShown);
        using var errors = new TailStream(MaxShown);
        var printer = new StdioPrinter(isJson: false, output, errors);
        var lines = file.OpenReadStream();
        await using (lines.ConfigureAwait(false))
        {
            await StdioParts.ReadAllAsync(lines, part => printer.Read(log, part), request.Cancellation).ConfigureAwait(false);
        }
        printer.Finish(log);
        return PageResult.Page<StreamsView, StreamsModel>(
            "Log", new StreamsModel($"{name}/{service}", output.ReadText(), errors.ReadText(), printer.Problems), "programs");
    }

}
