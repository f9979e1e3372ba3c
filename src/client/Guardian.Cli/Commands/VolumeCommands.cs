using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Cli.Volumes;
using Guardian.Files;
using Guardian.Volumes;
using Guardian.Volumes.Contract;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian volume</c>: encrypted volumes, for people.</summary>
internal static class VolumeCommands
{
    public static Command Create() => new("volume", "Make, fill, read and check encrypted volumes.")
    {
        CreateCreate(), CreatePut(), CreateGet(), CreateList(), CreateCheck(), CreateRekey(),
    };

    private static Command CreateCreate()
    {
        var shared = new VolumeArguments();
        var authenticated = Region("--authenticated", "A directory in the root whose files can be read by everybody and changed by nobody unseen; may be repeated.");
        var plain = Region("--plain", "A directory in the root whose files are not protected at all; may be repeated.");
        var command = new Command("create", "Make an empty volume, and its key where there is none.") { authenticated, plain };
        shared.AddTo(command);
        command.Runs((arguments, terminal) =>
        {
            var keyFile = arguments.GetRequiredValue(shared.Key);
            var isNewKey = !File.Exists(keyFile);
            using var key = isNewKey ? VolumeKey.Create() : VolumeKey.Load(keyFile);
            if (isNewKey)
            {
                key.Save(keyFile);
            }
            var folder = arguments.GetRequiredValue(shared.Volume);
            using var volume = Volume.Create(folder, key, shared.Options(arguments));
            foreach (var (names, protection) in new[] { (arguments.GetValue(authenticated), Protection.Authenticated), (arguments.GetValue(plain), Protection.Plain) })
            {
                foreach (var name in names ?? [])
                {
                    VolumePath.Demand(volume.CreateRegion(name.Trim('/'), protection), name);
                }
            }
            VolumePath.Demand(volume.Sync(), folder);
            terminal.Show(
                new JsonObject { ["volume"] = folder, ["key"] = keyFile, ["keyCreated"] = isNewKey },
                people => people.WriteLine(isNewKey
                    ? $"made the volume {folder} and its key {keyFile}: without the key nobody can read it, you included"
                    : $"made the volume {folder} with the key {keyFile}"));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreatePut()
    {
        var shared = new VolumeArguments();
        var source = new Argument<string>("SOURCE") { Description = "A file or folder of this machine." };
        var target = new Argument<string?>("TARGET") { Description = "Where it goes; the root, under its own name, unless given.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("put", "Copy a file, or a folder with all that is in it, into a volume: all of it, or nothing when it is interrupted.");
        shared.AddTo(command);
        command.Arguments.Add(source);
        command.Arguments.Add(target);
        command.Runs((arguments, terminal, cancellation) =>
        {
            var from = arguments.GetRequiredValue(source);
            var to = arguments.GetValue(target) ?? "/" + Path.GetFileName(Path.GetFullPath(from));
            // No timer commits halfway: an interrupted put leaves the volume as it was.
            return shared.WithVolumeAsync(arguments, shared.Options(arguments) with { CommitInterval = TimeSpan.Zero }, volume => terminal.WithProgressAsync(progress =>
            {
                var copy = new VolumeCopy(progress("putting"), cancellation);
                copy.Put(from, volume.Root, to);
                VolumePath.Demand(volume.Sync(), to);
                return Task.FromResult(Done(terminal, "put", to, copy));
            }));
        });
        return command;
    }

    private static Command CreateGet()
    {
        var shared = new VolumeArguments();
        var source = new Argument<string>("SOURCE") { Description = "A path in the volume." };
        var target = new Argument<string?>("TARGET") { Description = "Where it goes on this machine; here, under its own name, unless given.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("get", "Copy a file, or a directory with all that is in it, out of a volume.");
        shared.AddTo(command);
        command.Arguments.Add(source);
        command.Arguments.Add(target);
        command.Runs((arguments, terminal, cancellation) =>
        {
            var from = arguments.GetRequiredValue(source);
            var to = arguments.GetValue(target) ?? (from.TrimEnd('/').Split('/')[^1] is { Length: > 0 } name ? name : "volume");
            if (Path.Exists(to))
            {
                throw new CliException(ExitCode.Usage, "exists", $"{to} is already there", hint: "give another TARGET; nothing was written");
            }
            return shared.WithVolumeAsync(arguments, shared.Options(arguments) with { ReadOnly = true }, volume => terminal.WithProgressAsync(progress =>
            {
                var copy = new VolumeCopy(progress("getting"), cancellation);
                copy.Get(volume.Root, from, to);
                return Task.FromResult(Done(terminal, "got", to, copy));
            }));
        });
        return command;
    }

    private static Command CreateList()
    {
        var shared = new VolumeArguments();
        var path = new Argument<string>("PATH") { Description = "A directory or file in the volume.", DefaultValueFactory = _ => "/" };
        var recursive = new Option<bool>("--recursive") { Description = "List what is in directories too." };
        var command = new Command("ls", "List what is in a volume.") { recursive };
        shared.AddTo(command);
        command.Arguments.Add(path);
        command.Runs((arguments, terminal, _) => shared.WithVolumeAsync(arguments, shared.Options(arguments) with { ReadOnly = true }, volume =>
        {
            var entries = VolumePath.List(volume.Root, arguments.GetRequiredValue(path), arguments.GetValue(recursive)).ToList();
            terminal.Show(
                new JsonObject
                {
                    ["entries"] = new JsonArray([.. entries.Select(entry => (JsonNode)new JsonObject
                    {
                        ["path"] = entry.Path,
                        ["kind"] = Kind(entry.Stat.Kind),
                        ["size"] = entry.Stat.Size,
                        ["links"] = entry.Stat.LinkCount,
                        ["modified"] = Instant(entry.Stat),
                        ["target"] = entry.Target,
                    })]),
                },
                people =>
                {
                    foreach (var entry in entries)
                    {
                        var name = entry.Stat.Kind == FileKind.Directory ? entry.Path + "/" : entry.Target is null ? entry.Path : $"{entry.Path} -> {entry.Target}";
                        people.WriteLine($"{Terminal.Number((long)entry.Stat.Size),15}  {Instant(entry.Stat)}  {Printable(name)}");
                    }
                });
            return Task.FromResult(ExitCode.Done);
        }));
        return command;
    }

    private static Command CreateCheck()
    {
        var shared = new VolumeArguments();
        var command = new Command("check", "Read and verify everything in a volume, and say which files are damaged.");
        shared.AddTo(command);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            using var key = VolumeKey.Load(arguments.GetRequiredValue(shared.Key));
            var folder = arguments.GetRequiredValue(shared.Volume);
            var report = await terminal.WithProgressAsync(progress =>
            {
                var checking = progress("checking");
                return Task.FromResult(Volume.Check(folder, key, shared.Options(arguments), done =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    checking(done, folder);
                }));
            }).ConfigureAwait(false);
            terminal.Show(
                new JsonObject
                {
                    ["verified"] = report.Damages.Count == 0,
                    ["generation"] = report.Generation,
                    ["closed"] = report.IsClosed,
                    ["files"] = report.Files,
                    ["directories"] = report.Directories,
                    ["links"] = report.Links,
                    ["size"] = report.Size,
                    ["unprotected"] = report.Unprotected,
                    ["damages"] = new JsonArray([.. report.Damages.Select(damage => (JsonNode)new JsonObject { ["path"] = damage.Path, ["problem"] = damage.Problem })]),
                },
                people =>
                {
                    people.WriteLine($"{Terminal.Number(report.Files)} files, {Terminal.Number(report.Directories)} directories, {Terminal.Number(report.Links)} links, {Terminal.Number((long)report.Size)} bytes; generation {report.Generation}");
                    if (!report.IsClosed)
                    {
                        people.WriteLine("the volume was not closed in order: its last commit stands");
                    }
                    if (report.Unprotected > 0)
                    {
                        people.WriteLine($"{Terminal.Number(report.Unprotected)} files are of plain regions: nobody can say whether they were changed");
                    }
                    people.WriteLine(report.Damages.Count == 0 ? "everything is as it was written" : $"{Terminal.Number(report.Damages.Count)} damages:");
                    foreach (var damage in report.Damages)
                    {
                        people.WriteLine($"  {Printable(damage.Path)}: {damage.Problem}");
                    }
                });
            return report.Damages.Count == 0 ? ExitCode.Done : ExitCode.Refused;
        });
        return command;
    }

    private static Command CreateRekey()
    {
        var shared = new VolumeArguments();
        var newKeyFile = new Option<string>("--new-key") { Description = "The new key; made where there is none.", Required = true, HelpName = "FILE" };
        var command = new Command("rekey", "Encrypt everything in a volume anew under another key.") { newKeyFile };
        shared.AddTo(command);
        command.Runs((arguments, terminal, _) => shared.WithVolumeAsync(arguments, shared.Options(arguments) with { CommitInterval = TimeSpan.Zero }, volume => terminal.WithProgressAsync(progress =>
        {
            var path = arguments.GetRequiredValue(newKeyFile);
            using var key = File.Exists(path) ? VolumeKey.Load(path) : VolumeKey.Create();
            // The new key is safe before anything needs it.
            key.Save(path);
            var rekeying = progress("encrypting");
            volume.Rekey(key, done => rekeying(done, path));
            terminal.Show(new JsonObject { ["key"] = path }, people => people.WriteLine($"everything is encrypted anew; {path} opens the volume now, the old key does not"));
            return Task.FromResult(ExitCode.Done);
        })));
        return command;
    }

    private static Option<string[]> Region(string name, string description) => new(name) { Description = description, HelpName = "NAME" };

    private static int Done(Terminal terminal, string verb, string target, VolumeCopy copy)
    {
        terminal.Show(
            new JsonObject { ["target"] = target, ["files"] = copy.Files, ["bytes"] = copy.Bytes },
            people => people.WriteLine($"{verb} {Printable(target)}: {Terminal.Number(copy.Files)} files, {Terminal.Number(copy.Bytes)} bytes"));
        return ExitCode.Done;
    }

    private static string Kind(FileKind kind) => kind switch
    {
        FileKind.Directory => "directory",
        FileKind.SymbolicLink => "link",
        _ => "file",
    };

    private static string Instant(FileStat stat) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)(Math.Min(stat.ModificationTime, VolumeCopy.MaxTime) / 100)).ToString("u", CultureInfo.InvariantCulture);

    // Names come from whoever wrote the volume: a terminal must not obey them.
    private static string Printable(string text) => string.Concat(text.Select(each => char.IsControl(each) ? '?' : each));
}
