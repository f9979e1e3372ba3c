using System.CommandLine;

namespace Guardian.Cli.Demo;

/// <summary><c>guardian demo</c>: two companies learn what a campaign did, without showing each other a row.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var keep = new Option<string?>("--keep") { Description = "Leave keys, contract, data and state in this (new or empty) folder, to explore with the other commands.", HelpName = "DIR" };
        var command = new Command("demo", "Play two partners with a real experiment on a simulated platform: no root, no SGX, nothing to install.") { keep };
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            var kept = arguments.GetValue(keep);
            var directory = kept is null ? Directory.CreateTempSubdirectory("guardian-demo-").FullName : PrepareFolder(kept);
            try
            {
                using var demo = new Demo(terminal, directory, isKept: kept is not null);
                return await demo.RunAsync(cancellation).ConfigureAwait(false);
            }
            finally
            {
                if (kept is null)
                {
                    Directory.Delete(directory, recursive: true);
                }
            }
        });
        return command;
    }

    private static string PrepareFolder(string path)
    {
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new CliException(ExitCode.Usage, "not-empty", $"{path} is not empty", hint: "name a new folder, or an empty one");
        }
        return Directory.CreateDirectory(path).FullName;
    }
}
