using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cli.Commands;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;
using Guardian.Portal;
using Guardian.Portal.Serving;
using Guardian.Refusals;

namespace Guardian.Cli.Desk;

/// <summary><c>guardian open</c>.</summary>
internal sealed class OpenCommand : CliCommand
{
    private static readonly TimeSpan LockCheck = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LinkLife = TimeSpan.FromMinutes(1);

    private readonly Argument<string[]> folders = new("FOLDER")
    {
        Description = "Folders with rooms, such as that of 'guardian demo --keep'; they are remembered. Without any: the remembered ones.",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<int> port = new("--port")
    {
        Description = "The port on loopback; 0 takes a free one.",
        DefaultValueFactory = _ => 0,
        HelpName = "PORT",
    };
    private readonly Option<bool> noBrowser = new("--no-browser") { Description = "Print the link, and start no browser." };

    public OpenCommand() : base("open", "Open the web page for rooms, programs and clouds, on this computer and for you alone.")
    {
        AddSymbols(folders, port, noBrowser);
        Validators.Add(result =>
        {
            if (result.GetValue(port) is < 0 or > 65535)
            {
                result.AddError("--port is 0 to 65535");
            }
        });
    }

    /// <inheritdoc/>
    public override TimeSpan EndingLimit => TimeSpan.FromSeconds(60);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        foreach (var folder in arguments.GetValue(folders) ?? [])
        {
            if (!Directory.Exists(folder))
            {
                throw new RefusedException(FileRefusals.Missing(folder));
            }
            RoomShelf.Add(folder);
        }
        var desk = new RoomDesk(cancellation);
        await using (desk.ConfigureAwait(false))
        {
            var server = await PortalServer.StartAsync(
                new PortalOptions
                {
                    Port = arguments.GetValue(port), OnLock = desk.Lock, Explain = FailureTranslation.ToRefusal,
                },
                routes => Map(routes, desk), cancellation).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                await server.WarmAsync(cancellation).ConfigureAwait(false);
                var link = server.CreateLink();
                terminal.Show(new OpenResult(server.Address, link), DeskJson.Default.OpenResult, people =>
                {
                    people.WriteLine($"open this link in your browser; it works once: {link}");
                    people.WriteLine("Enter prints a new link, Ctrl+C ends");
                });
                if (!arguments.GetValue(noBrowser))
                {
                    StartBrowser(link, terminal, cancellation);
                }
                return await ServeAsync(server, terminal, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static void Map(PortalRoutes routes, RoomDesk desk)
    {
        desk.Jobs.Map(routes);
        new ContractPages(desk).Map(routes);
        new DraftPages(desk).Map(routes);
        new DataPages(desk).Map(routes);
        new QuestionPages(desk).Map(routes);
        new SchedulePages(desk).Map(routes);
        new LedgerPages(desk).Map(routes);
        new SuccessionPages(desk).Map(routes);
        var cas = new CasDesk(desk.Keys);
        new ProgramPages(desk, cas).Map(routes);
        new RunPages(desk, cas).Map(routes);
        CloudPages.Map(routes);
    }

    private static async Task<int> ServeAsync(PortalServer server, Terminal terminal, CancellationToken cancellation)
    {
        var reading = Task.Run(() => ReadEnters(server, terminal), CancellationToken.None);
        _ = reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        using var timer = new PeriodicTimer(LockCheck);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                server.LockIfIdle();
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C is the usual end.
        }
        return ExitCode.Done;
    }

    private static void ReadEnters(PortalServer server, Terminal terminal)
    {
        while (Console.In.ReadLine() is not null)
        {
            var link = server.CreateLink();
            terminal.Show(
                new OpenResult(server.Address, link), DeskJson.Default.OpenResult,
                people => people.WriteLine($"a new link, which works once: {link}"));
        }
    }

    // Other users of this machine see the arguments of programs, so the browser gets a file that the user alone can read.
    private static void StartBrowser(Uri link, Terminal terminal, CancellationToken cancellation)
    {
        if (terminal.Json || Console.IsOutputRedirected
            || (Environment.GetEnvironmentVariable("DISPLAY")
                ?? Environment.GetEnvironmentVariable("WAYLAND_DISPLAY")) is not { Length: > 0 })
        {
            return;
        }
        var file = Path.Combine(UserFolders.State, $"open-{Environment.ProcessId}.html");
        try
        {
            Directory.CreateDirectory(UserFolders.State);
            File.Delete(file);
            OutputFile.Write(file, System.Text.Encoding.UTF8.GetBytes(
                $"<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url={link}\"><title>Guardian</title>\n"),
                isPrivate: true);
            using var started = Process.Start(new ProcessStartInfo("xdg-open", [file])
            {
                RedirectStandardError = true, RedirectStandardOutput = true,
            });
            _ = Task.Delay(LinkLife, cancellation).ContinueWith(
                _ => File.Delete(file), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or IOException or RefusedException)
        {
            terminal.Note("no browser could be started; open the link yourself");
        }
    }
}

/// <summary>The result of <c>open</c>; another one follows each line of standard input.</summary>
/// <param name="Address">Where the page is served.</param>
/// <param name="Link">The link that opens it once.</param>
internal sealed record OpenResult(Uri Address, Uri Link);

/// <summary>Source-generated JSON of this command's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(OpenResult))]
internal sealed partial class DeskJson : JsonSerializerContext;
