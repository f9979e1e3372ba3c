using System.CommandLine;
using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Machine;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian guest</c>: inside a virtual machine.</summary>
internal static class GuestCommands
{
    public static Command Create() => new("guest", "Look at the machine this runs in, as one who rents it.") { CreateCheck() };

    private static Command CreateCheck()
    {
        var root = new Option<string>("--root") { Description = "Look at files captured from another machine instead, as docs/how-to/operate.md says.", DefaultValueFactory = _ => "/", HelpName = "DIR" };
        var check = new Command("check", "Check everything this machine needs to run enclaves, and say what is missing.") { root };
        check.Runs((arguments, terminal) =>
        {
            var folder = arguments.GetRequiredValue(root);
            if (!Directory.Exists(folder))
            {
                throw new DirectoryNotFoundException($"there is no folder {folder}");
            }
            var report = GuestCheck.Run(new HostRoot(folder));
            FindingsView.Show(terminal, report, "this machine can run enclaves", "this machine cannot run enclaves yet");
            return report.IsFit ? ExitCode.Done : ExitCode.Refused;
        });
        return check;
    }
}
