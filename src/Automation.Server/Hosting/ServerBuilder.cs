using Automation.Server.Access;
using Automation.Server.Api;
using Automation.Server.Callbacks;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Deliveries;
using Automation.Server.Editing;
using Automation.Server.Endpoints;
using Automation.Server.Endpoints.Portal;
using Automation.Server.Queries;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Schedules;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Workflows;

namespace Automation.Server.Hosting;

/// <summary>Puts the server together: one line a concern.</summary>
internal static class ServerBuilder
{
    /// <summary>Everything the server is made of, nothing of it started: the command line uses parts of it too.</summary>
    public static WebApplicationBuilder Create(IReadOnlyDictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddHosting();
        builder.Services.AddStorage(builder.Configuration);
        builder.Services.AddSecrets(builder.Configuration, provider => provider.GetRequiredService<DataFolder>().Path);
        builder.Services.AddSecretUses();
        builder.Services.AddAccess(builder.Configuration, provider => provider.GetRequiredService<DataFolder>().Path);
        builder.Services.AddSandbox(builder.Configuration);
        builder.Services.AddWorkflows(builder.Configuration);
        builder.Services.AddStats();
        builder.Services.AddEditing();
        builder.Services.AddDeliveries(builder.Configuration);
        builder.Services.AddOAuth();
        builder.Services.AddConnectionUses();
        builder.Services.AddEndpoints();
        builder.Services.AddPortal();
        builder.Services.AddQueries(builder.Configuration);
        builder.Services.AddRuns(builder.Configuration);
        builder.Services.AddCallbacks();
        builder.Services.AddWebhooks(builder.Configuration);
        builder.Services.AddServers();
        builder.Services.AddMqtt(builder.Configuration);
        builder.Services.AddSchedules();
        builder.Services.AddApi(ApiWiring.Sources);
        return builder;
    }

    /// <summary>Everything in its place, nothing started yet but the journal.</summary>
    public static WebApplication BuildServer(this WebApplicationBuilder builder)
    {
        var app = builder.Build();
        try
        {
            app.LoadSecrets(); // before what needs some is made
            app.LoadOAuth();
            app.LoadAccess();
            app.StartStats();
            app.UseProxySignIn();
            app.UseTrustedProxies();
            app.UseSecurityHeaders();
            app.UseApi();
            app.UseAccess();
            app.UseDesigner();
            app.MapWebhooks();
            app.MapCallbacks();
            app.MapPortal();
            app.MapAccess();
            app.MapOAuth();
            app.MapApi();
            return app;
        }
        catch
        {
            app.DisposeAsync().AsTask().GetAwaiter().GetResult(); // lets go of the data folder
            throw;
        }
    }
}
