using System.CommandLine;
using System.CommandLine.Parsing;
using Guardian.Cli.Inputs;
using Guardian.Refusals;
using Guardian.Runtime.Images;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>An image whose program runs in enclaves.</summary>
/// <param name="Name">The image as manifests name it.</param>
/// <param name="Folder">The folder with its files.</param>
/// <param name="Program">The program's absolute path in the image.</param>
internal sealed record ProgramImage(string Name, string Folder, string Program)
{
    private const string Form = "IMAGE=DIR:/PROGRAM";

    /// <summary>The option that names images.</summary>
    public static Option<ProgramImage[]> CreateOption() => new("--image")
    {
        Description = $"An image whose program runs in enclaves, the folder with its files, and the program in it: {Form}; repeatable.",
        HelpName = Form,
        Required = true,
        CustomParser = Parse,
    };

    /// <summary>Computes the digest that the session's <c>program</c> must name.</summary>
    /// <exception cref="RefusedException">The folder does not exist, or the program is none.</exception>
    public string ComputeDigest()
    {
        var (tree, refusal) = ProgramTree.Read(InputFile.Require(Folder), Program);
        return tree?.Digest ?? throw new RefusedException(refusal!);
    }

    // The image's name may have a port, a tag and a digest, and none of them an equals sign.
    private static ProgramImage[] Parse(ArgumentResult result)
    {
        var images = new List<ProgramImage>();
        foreach (var word in result.Tokens.Select(token => token.Value))
        {
            if (word.Split('=', 2) is not [{ Length: > 0 } name, var place]
                || place.LastIndexOf(":/", StringComparison.Ordinal) is not (> 0 and var colon))
            {
                result.AddError($"'{word}' is not {Form}");
                return [];
            }
            images.Add(new ProgramImage(name, place[..colon], place[(colon + 1)..]));
        }
        return [.. images];
    }
}
