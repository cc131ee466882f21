// A bug, loaded before the platform: the resolver of a film's title throws.
import { GraphQLObjectType } from 'graphql'

const getFields = GraphQLObjectType.prototype.getFields

GraphQLObjectType.prototype.getFields = function withBug() {
  const fields = getFields.call(this)
  if (this.name === 'Movie' && fields.title)
    fields.title.resolve = () => {
      throw new TypeError('a bug')
    }
  return fields
}
