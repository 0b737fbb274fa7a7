using System.CommandLine;
using Automation.Server.Connectors;
using Automation.Server.Connectors.OpenApi;

namespace Automation.Server.Cli;

/// <summary><c>import openapi</c>: writes the connector that an OpenAPI document makes.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "OpenAPI 3.0 or 3.1, JSON or YAML; - is standard input." };
        var name = new Option<string?>("--name") { Description = "Name of the connector. Default: that of the file to write, else of the file.", HelpName = "NAME" };
        var only = new Option<string[]>("--only") { Description = "Id of an operation to take; may be given several times. Default: all.", HelpName = "ID", DefaultValueFactory = _ => [] };
        var into = new Option<string?>("--out") { Description = "File to write, in a folder that is made if it is not there. Default: standard output.", HelpName = "FILE" };
        var openApi = new Command("openapi", "Make a connector of an OpenAPI document: ./automation import openapi pets.yaml --out workflows/connectors/pets.json") { file, name, only, into };
        openApi.SetAction(parsed => Run(parsed.GetValue(file)!, parsed.GetValue(name), parsed.GetValue(only)!, parsed.GetValue(into), Console.Out, Console.Error));
        return new Command("import", "Make connectors of other descriptions.") { openApi };
    }

    /// <returns>0, or 1 with a sentence on <paramref name="errors"/>; then nothing is written.</returns>
    internal static int Run(string file, string? name, string[] only, string? into, TextWriter output, TextWriter errors)
    {
        try
        {
            var connector = name ?? Path.GetFileNameWithoutExtension(into ?? file).ToLowerInvariant().Replace('_', '-').Replace('.', '-');
            if (!Connector.IsName(connector)) throw new CommandException($"\"{connector}\" is no connector's name; give one of small letters, digits and - as --name.");
            var imported = OpenApiImport.Run(connector, CommandFiles.ReadBytes(file), only);
            if (into is null) output.Write(imported.Text);
            else Write(into, imported.Text);
            foreach (var note in imported.Notes) errors.WriteLine(note);
            return 0;
        }
        catch (Exception error) when (error is OpenApiException or CommandException)
        {
            errors.WriteLine(error.Message);
            return 1;
        }
    }

    private static void Write(string file, string text)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            File.WriteAllText(file, text);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file} cannot be written: {refused.Message}");
        }
    }
}
