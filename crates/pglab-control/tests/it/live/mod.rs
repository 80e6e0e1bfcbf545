mod commits;
mod school;
