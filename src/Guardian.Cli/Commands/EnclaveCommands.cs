using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.Attestation;
using Spectre.Console;

namespace Guardian.Cli;

/// <summary><c>guardian enclave</c>: measurements of enclave code.</summary>
internal static class EnclaveCommands
{
    public static Command Create()
    {
        var folder = new Argument<string?>("FOLDER")
        {
            Description = "A program's folder. Without it, the programs installed here are measured.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var measure = new Command("measure", "Print the MRENCLAVE of a program, as a quote of it will show.") { folder };
        measure.Runs((arguments, terminal) =>
        {
            var measured = arguments.GetValue(folder) is { } given
                ? [(Name: given, MrEnclave: MeasureFolder(given))]
                : InstalledProgram.All.Select(program => (program.Name, MrEnclave: program.Measure().ToString())).ToList();
            terminal.Show(
                new JsonObject
                {
                    ["programs"] = new JsonArray([.. measured.Select(each => (JsonNode)new JsonObject { ["name"] = each.Name, ["mrEnclave"] = each.MrEnclave })]),
                },
                people =>
                {
                    foreach (var (name, mrEnclave) in measured)
                    {
                        people.WriteLine($"{mrEnclave}  {name}");
                    }
                });
            return ExitCode.Done;
        });
        return new Command("enclave", "Measure enclave code.") { measure };
    }

    private static string MeasureFolder(string folder) => Directory.Exists(folder)
        ? EnclaveProcess.Measure(folder).ToString()
        : throw new CliException(ExitCode.Usage, "no-folder", $"there is no folder {folder}", hint: "name the folder that holds the program's files");
}
