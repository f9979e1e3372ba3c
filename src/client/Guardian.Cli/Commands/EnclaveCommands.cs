using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.Attestation.Launch;
using Guardian.Cli.Enclaves;
using Guardian.Cli.Quotes;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian enclave</c>: who an enclave is, before it runs.</summary>
internal static class EnclaveCommands
{
    public static Command Create() => new("enclave", "Measure enclaves, and show what they are signed as.") { CreateMeasure(), CreateShow() };

    private static Command CreateMeasure()
    {
        var path = new Argument<string?>("FILE")
        {
            Description = "A stream of measurements (.sgxs), an enclave that Intel's SDK signed, a SIGSTRUCT, or a program's folder. Without it, the programs installed here are measured.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var measure = new Command("measure", "Print the MRENCLAVE of enclave code, as a quote of it will show.") { path };
        measure.Runs((arguments, terminal) =>
        {
            var given = arguments.GetValue(path);
            if (given is null || Directory.Exists(given))
            {
                MeasurePrograms(terminal, given);
                return ExitCode.Done;
            }
            var enclaves = EnclaveFile.Read(given);
            var json = EnclaveFileView.Identity(enclaves[0]);
            json["enclaves"] = new JsonArray([.. enclaves.Select(EnclaveFileView.Identity)]);
            json["problem"] = enclaves.Select(enclave => enclave.Problem).FirstOrDefault(problem => problem is not null);
            terminal.Show(json, people =>
            {
                foreach (var enclave in enclaves)
                {
                    people.WriteLine($"{enclave.MrEnclave}  {given}");
                }
            });
            return Judge(given, enclaves, terminal);
        });
        return measure;
    }

    private static Command CreateShow()
    {
        var path = new Argument<string>("FILE") { Description = "A stream of measurements (.sgxs), an enclave that Intel's SDK signed, or a SIGSTRUCT." };
        var show = new Command("show", "Show everything that an enclave's file says: measurement, signer, attributes, and whether the signature is good.") { path };
        show.Runs((arguments, terminal) =>
        {
            var enclaves = EnclaveFile.Read(arguments.GetRequiredValue(path));
            var json = EnclaveFileView.All(enclaves[0]);
            json["enclaves"] = new JsonArray([.. enclaves.Select(EnclaveFileView.All)]);
            terminal.Show(json, people =>
            {
                foreach (var enclave in enclaves)
                {
                    QuoteView.Show(people, EnclaveFileView.All(enclave));
                }
            });
            return Judge(arguments.GetRequiredValue(path), enclaves, terminal);
        });
        return show;
    }

    // What is not as it was signed would not start.
    private static int Judge(string path, IReadOnlyList<EnclaveFile> enclaves, Terminal terminal)
    {
        foreach (var problem in enclaves.Select(enclave => enclave.Problem).OfType<string>())
        {
            terminal.Note($"warning: {path}: {problem}");
        }
        return enclaves.Any(enclave => enclave.Problem is not null) ? ExitCode.Refused : ExitCode.Done;
    }

    private static void MeasurePrograms(Terminal terminal, string? folder)
    {
        var measured = folder is not null
            ? [(Name: folder, MrEnclave: EnclaveProcess.Measure(folder).ToString())]
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
    }
}
