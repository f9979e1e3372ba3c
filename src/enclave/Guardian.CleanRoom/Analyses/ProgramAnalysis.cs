using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Programs;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Runs a program of the contract over matched persons.</summary>
internal sealed class ProgramAnalysis(RoomContract contract, PersonSets persons, DisclosureRules rules, RoomPrograms programs)
{
    /// <summary>Runs a program.</summary>
    public Outcome<AnalysisResult> Run(CompiledQuestion question)
    {
        var design = contract.Analyses.FindProgram(question.Question.Program)!;
        var noise = new ProgramNoise(contract, design, rules);
        var sides = persons.SidesOf(question);
        var exact = persons.Engine.SumContributions(sides, InputsOf(question, design), programs.Find(design.Name));
        var count = noise.Persons(persons.Engine.CountCells(sides, 1)[0]);
        var set = persons.SetOf(persons.Sketch(sides, 1)[0], question);
        var figures = new List<ProgramFigures>();
        var next = 0;
        foreach (var output in design.Outputs)
        {
            var cells = new List<ProgramCell>();
            foreach (var cell in output.Cells)
            {
                var published = noise.Figure(output, exact[next++]);
                cells.Add(new ProgramCell(cell, noise.Allows(output, published) ? ProgramNoise.Scale(output, published) : null));
            }
            figures.Add(new ProgramFigures(output.Name, ProgramNoise.Scale(output, output.Cap), noise.Margin(output), cells));
        }
        return persons.Accept(set, rules.Allows(count, persons.SizesOf(question)))
            ? new AnalysisResult(new ProgramResult(design.Name, design.Digest, count, figures), [set])
            : rules.Withhold();
    }

    private static List<Measure> InputsOf(CompiledQuestion question, ProgramDesign design) =>
    [
        .. design.Inputs.Select(input =>
        {
            var side = question.DataSets.ToList().FindIndex(dataSet => dataSet.Name == input.DataSet);
            return new Measure(side, question.DataSets[side].Columns.ToList().FindIndex(column => column.Name == input.Column));
        }),
    ];
}
